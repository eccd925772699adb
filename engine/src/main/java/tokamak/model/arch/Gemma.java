package tokamak.model.arch;

import java.util.Map;
import tokamak.backend.Activation;
import tokamak.file.Metadata;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** Google's Gemma 1 to 3: scaled embeddings, gelu, norms stored less one; from 2 on windows, soft caps and norms after each half. */
final class Gemma {
    private static final Architecture.Differences COMMON = draft -> {
        draft.activation = Activation.GELU_TANH;
        draft.embeddingScale = Math.sqrt(draft.hiddenSize);
        draft.quirks.add(ConfigDraft.Quirk.NORMS_LESS_ONE);
    };

    static final Architecture GEMMA = Architecture.of("gemma", "GemmaForCausalLM")
            .withHfDefaults(Map.of("head_dim", 256, "rms_norm_eps", 1e-6))
            .with(COMMON);

    /** Every second layer, from the first on, sees only the window. */
    static final Architecture GEMMA2 = Architecture.of("gemma2", "Gemma2ForCausalLM")
            .withHfDefaults(Map.of(
                    "num_attention_heads", 8,
                    "num_key_value_heads", 4,
                    "head_dim", 256,
                    "rms_norm_eps", 1e-6,
                    "sliding_window", 4096))
            .with(COMMON)
            .with(draft -> {
                everyNthSeesAll(draft, 2);
                scaleQueries(draft, 46);
            });

    /** Five layers with a window and frequencies of their own, then one that sees everything. */
    static final Architecture GEMMA3 = Architecture.of("gemma3", "Gemma3ForCausalLM")
            .alsoHf("Gemma3ForConditionalGeneration")
            // Published configurations of the models that see images leave out much of this.
            .withHfDefaults(Map.of(
                    "num_attention_heads", 8,
                    "num_key_value_heads", 4,
                    "head_dim", 256,
                    "rms_norm_eps", 1e-6,
                    "sliding_window", 4096,
                    "max_position_embeddings", 131_072))
            .with(COMMON)
            .with(draft -> {
                Metadata m = draft.source.metadata();
                everyNthSeesAll(draft, (int) m.integer("sliding_window_pattern", 6));
                scaleQueries(draft, 62);
                draft.ropeThetasUnlessSaid(1_000_000, 10_000);
                draft.requireUnset("use_bidirectional_attention", "tokens see later ones, as in embedding models");
            });

    private Gemma() {}

    private static void everyNthSeesAll(ConfigDraft draft, int n) {
        if (draft.isGguf() || !draft.source.metadata().has("layer_types")) {
            draft.isSliding = layer -> layer % n != n - 1;
        }
    }

    /** GGUF files do not record the scale: the 27B models, known by their number of layers, use hidden size over heads. */
    private static void scaleQueries(ConfigDraft draft, int layersOf27B) throws tokamak.file.ModelFormatException {
        double perHead = draft.isGguf()
                ? (draft.numLayers == layersOf27B ? (double) draft.hiddenSize / draft.numHeads : draft.headDim)
                : draft.source.metadata().number("query_pre_attn_scalar", 256);
        draft.attentionScale = 1 / Math.sqrt(perHead);
    }
}
