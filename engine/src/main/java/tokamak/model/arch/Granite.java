package tokamak.model.arch;

import java.util.Map;
import tokamak.model.Architecture;

/** IBM's Granite 3 and MiniCPM: embeddings, residual branches and logits have factors of their own. */
final class Granite {
    private static final Architecture.Differences LOGITS_ARE_DIVIDED = draft -> draft.logitScale = 1 / draft.logitScale;

    private static final Map<String, Double> DEFAULTS = Map.of("rms_norm_eps", 1e-6, "attention_multiplier", 1.0);

    static final Architecture GRANITE = Architecture.of("granite", "GraniteForCausalLM")
            .withHfDefaults(DEFAULTS)
            .with(LOGITS_ARE_DIVIDED)
            .with(Pairings.ADJACENT_IN_GGUF);

    static final Architecture GRANITE_MOE = Architecture.of("granitemoe", "GraniteMoeForCausalLM")
            .withHfDefaults(DEFAULTS)
            .with(LOGITS_ARE_DIVIDED)
            .with(Pairings.ADJACENT_IN_GGUF);

    /** Hugging Face files give the ingredients of the factors. */
    static final Architecture MINICPM = Architecture.of("minicpm", "MiniCPMForCausalLM")
            .with(draft -> {
                if (!draft.isGguf()) {
                    double depth = draft.source.metadata().number("scale_depth", 1);
                    double base = draft.source.metadata().number("dim_model_base", draft.hiddenSize);
                    draft.residualScale = depth / Math.sqrt(draft.numLayers);
                    draft.logitScale = draft.hiddenSize / base;
                }
            })
            .with(LOGITS_ARE_DIVIDED)
            .with(Pairings.ADJACENT_IN_GGUF);

    private Granite() {}
}
