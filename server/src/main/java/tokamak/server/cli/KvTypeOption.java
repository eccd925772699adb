package tokamak.server.cli;

import picocli.CommandLine.Option;

/** How keys and values are kept. */
final class KvTypeOption {
    @Option(
            names = "--kv-cache-dtype",
            paramLabel = "TYPE",
            description =
                    "How keys and values are kept: auto, f32, f16, int8 (a quarter of the memory of f32) or int4 (an"
                            + " eighth). Default: auto, which is f32.")
    private String name = "auto";

    String name() {
        return name;
    }
}
