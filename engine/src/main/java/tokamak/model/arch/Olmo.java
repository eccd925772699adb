package tokamak.model.arch;

import tokamak.model.Architecture;

/** Ai2 OLMo 2 (norms after each half, none before) and OLMoE. */
final class Olmo {
    static final Architecture OLMO2 = Architecture.of("olmo2", "Olmo2ForCausalLM");

    static final Architecture OLMOE = Architecture.of("olmoe", "OlmoeForCausalLM")
            .with(draft -> {
                draft.normaliseExperts = draft.normalisedIfFlagged(false);
                draft.requireUnset("clip_qkv", "queries, keys and values are clamped");
            });

    private Olmo() {}
}
