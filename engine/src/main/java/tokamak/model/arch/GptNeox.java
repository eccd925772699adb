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
                if (draft.isGguf()) {
                    draft.activation = Activation.GELU_TANH;
                }
            });

    private GptNeox() {}
}
