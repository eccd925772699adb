package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ModelConfig;

/** Microsoft's Phi 1 and 2 (parallel halves, layer norm), and Phi 3 and 4 (fused matrices, long rope). */
final class Phi {
    static final Architecture PHI2 = Architecture.of("phi2", "PhiForCausalLM").with(draft -> {
        draft.normKind = Norm.Kind.LAYER;
        draft.activationUnlessSaid(Activation.GELU_TANH);
        draft.wiring = ModelConfig.Wiring.PARALLEL;
        draft.rotateShareUnlessSaid(0.5);
    });

    static final Architecture PHI3 = Architecture.of("phi3", "Phi3ForCausalLM").alsoHf("Phi4ForCausalLM");

    private Phi() {}
}
