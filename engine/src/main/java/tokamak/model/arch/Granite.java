package tokamak.model.arch;

import tokamak.model.Architecture;

/** IBM's Granite 3 and MiniCPM: embeddings, residual branches and logits have factors of their own. */
final class Granite {
    private static final Architecture.Differences LOGITS_ARE_DIVIDED = draft -> draft.logitScale = 1 / draft.logitScale;

    static final Architecture GRANITE = Architecture.of("granite", "GraniteForCausalLM")
            .with(LOGITS_ARE_DIVIDED)
            .with(Pairings.ADJACENT_IN_GGUF);

    static final Architecture GRANITE_MOE = Architecture.of("granitemoe", "GraniteMoeForCausalLM")
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
