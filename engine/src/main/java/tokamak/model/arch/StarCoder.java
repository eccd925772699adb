package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;

/** BigCode StarCoder2: layer norms and a feed-forward without a gate. */
final class StarCoder {
    static final Architecture STARCODER2 = Architecture.of("starcoder2", "Starcoder2ForCausalLM")
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.activationUnlessSaid(Activation.GELU_TANH);
            });

    private StarCoder() {}
}
