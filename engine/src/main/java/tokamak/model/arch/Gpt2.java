package tokamak.model.arch;

import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** OpenAI GPT-2: learned positions, layer norms, matrices stored transposed. */
final class Gpt2 {
    static final Architecture GPT2 = Architecture.of("gpt2", "GPT2LMHeadModel").with(draft -> {
        draft.normKind = Norm.Kind.LAYER;
        draft.activation = Activation.GELU_TANH;
        draft.rotated = 0;
        draft.quirks.add(ConfigDraft.Quirk.TRANSPOSED_LINEARS);
    });

    private Gpt2() {}
}
