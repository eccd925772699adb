package tokamak.model.arch;

import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ModelConfig;

/** Cohere Command R: one layer norm for both halves of a block, adjacent pairs. */
final class Cohere {
    static final Architecture COMMAND_R = Architecture.of("command-r", "CohereForCausalLM")
            .with(Pairings.ADJACENT)
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.wiring = ModelConfig.Wiring.PARALLEL;
            });

    private Cohere() {}
}
