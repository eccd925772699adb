package tokamak.model.arch;

import java.util.Map;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ModelConfig;

/** Cohere Command R: one layer norm for both halves of a block, adjacent pairs. */
final class Cohere {
    static final Architecture COMMAND_R = Architecture.of("command-r", "CohereForCausalLM")
            .withHfDefaults(Map.of("logit_scale", 0.0625, "rope_theta", 500_000))
            .with(Pairings.ADJACENT)
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.wiring = ModelConfig.Wiring.PARALLEL;
            });

    private Cohere() {}
}
