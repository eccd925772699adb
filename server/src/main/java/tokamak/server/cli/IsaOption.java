package tokamak.server.cli;

import picocli.CommandLine.Option;

/** Which instruction set computes. */
final class IsaOption {
    @Option(
            names = "--cpu-isa",
            paramLabel = "NAME",
            description = "auto, scalar, avx2, avxvnni or avx512. Default: ${DEFAULT-VALUE}, the widest there is.",
            defaultValue = "auto")
    private String name = "auto";

    String name() {
        return name;
    }
}
