package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** EleutherAI GPT-NeoX and Pythia: parallel halves with a layer norm each. */
final class GptNeox {
    static final Architecture GPT_NEOX = Architecture.of("gptneox", "GPTNeoXForCausalLM")
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.wiring = draft.parallelIfFlagged(true);
                draft.quirks.add(ConfigDraft.Quirk.QKV_BY_HEAD);
                draft.rotateShareUnlessSaid(0.25);
                draft.activationUnlessSaid(draft.isGguf() ? Activation.GELU_TANH : Activation.GELU);
            });

    private GptNeox() {}
}
