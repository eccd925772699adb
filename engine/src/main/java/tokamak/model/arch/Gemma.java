package tokamak.model.arch;

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

    static final Architecture GEMMA =
            Architecture.of("gemma", "GemmaForCausalLM").with(COMMON);

    /** Every second layer, from the first on, sees only the window. */
    static final Architecture GEMMA2 = Architecture.of("gemma2", "Gemma2ForCausalLM")
            .with(COMMON)
            .with(draft -> {
                everyNthSeesAll(draft, 2);
                scaleQueries(draft, 46);
            });

    /** Five layers with a window and frequencies of their own, then one that sees everything. */
    static final Architecture GEMMA3 = Architecture.of("gemma3", "Gemma3ForCausalLM")
            .alsoHf("Gemma3ForConditionalGeneration")
            .with(COMMON)
            .with(draft -> {
                Metadata m = draft.source.metadata();
                everyNthSeesAll(draft, (int) m.integer("sliding_window_pattern", 6));
                scaleQueries(draft, 62);
                if (!m.has(draft.source.key("rope.freq_base_swa", "rope_local_base_freq"))) {
                    draft.localRopeTheta = 10_000;
                }
                if (!m.has(draft.source.key("rope.freq_base", "rope_theta"))) {
                    draft.ropeTheta = 1_000_000;
                }
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
                : draft.source.metadata().number("query_pre_attn_scalar", draft.headDim);
        draft.attentionScale = 1 / Math.sqrt(perHead);
    }
}
