package tokamak.server.cli;

import picocli.CommandLine.Option;

/** Which instruction set computes. */
final class IsaOption {
    @Option(
            names = "--cpu-isa",
            paramLabel = "NAME",
            description =
                    "auto, scalar, avx2, avxvnni, avx512, avx512bf16 or amx. Default: ${DEFAULT-VALUE}, the widest"
                            + " that is exact; avx512bf16 rounds the activations of BF16 weights and is up to twice as fast with"
                            + " prompts.",
            defaultValue = "auto")
    private String name = "auto";

    String name() {
        return name;
    }
}
