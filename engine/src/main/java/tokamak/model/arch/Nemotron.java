package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** Nvidia Nemotron 4 and Minitron: squared relu without a gate, layer norms stored less one. */
final class Nemotron {
    static final Architecture NEMOTRON = Architecture.of("nemotron", "NemotronForCausalLM")
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.activationUnlessSaid(Activation.RELU_SQUARED);
                draft.rotateShareUnlessSaid(0.5);
                draft.quirks.add(ConfigDraft.Quirk.NORMS_LESS_ONE);
            });

    private Nemotron() {}
}
