package tokamak.server.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tokamak.EngineConfig;

/** How a model's weights are brought into the form the processor reads. */
final class LoadOptions {
    @Mixin
    private IsaOption isa = new IsaOption();

    @Option(
            names = "--no-pack-cache",
            description = "Do not keep packed weights of large models in TOKAMAK_HOME/cache for the next start.")
    private boolean noPackCache;

    EngineConfig applyTo(EngineConfig config, CliContext context) {
        EngineConfig chosen = config.withCpuIsa(isa.name());
        return noPackCache ? chosen : chosen.withPackCache(context.dataFolder().resolve("cache"));
    }
}
