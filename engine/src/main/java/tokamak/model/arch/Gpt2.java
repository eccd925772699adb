package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** OpenAI GPT-2: learned positions, layer norms, matrices stored transposed. */
final class Gpt2 {
    static final Architecture GPT2 = Architecture.of("gpt2", "GPT2LMHeadModel").with(draft -> {
        draft.normKind = Norm.Kind.LAYER;
        draft.activationUnlessSaid(Activation.GELU_TANH);
        draft.requireUnset("scale_attn_by_inverse_layer_idx", "every layer has a scale of its own");
        if (!draft.isGguf() && !draft.source.metadata().flag("scale_attn_weights", true)) {
            draft.attentionScale = 1;
        }
        draft.rotated = 0;
        draft.quirks.add(ConfigDraft.Quirk.TRANSPOSED_LINEARS);
    });

    private Gpt2() {}
}
