package tokamak.model.arch;

import java.util.Map;
import tokamak.model.Architecture;

/** Alibaba's Qwen 2 (biases on query, key and value) and 3 (a norm on every query and key head). */
final class Qwen {
    /** Where windows are in use, the first {@code max_window_layers} layers see everything. */
    private static final Architecture.Differences WINDOWS_IN_UPPER_LAYERS = draft -> {
        long first = draft.source.metadata().integer("max_window_layers", 0);
        if (!draft.isGguf() && !draft.source.metadata().has("layer_types")) {
            draft.isSliding = layer -> layer >= first;
        }
        if (!draft.isGguf() && !draft.source.metadata().flag("use_sliding_window", false)) {
            draft.slidingWindow = 0;
        }
    };

    static final Architecture QWEN2 = Architecture.of("qwen2", "Qwen2ForCausalLM")
            .withHfDefaults(Map.of("rms_norm_eps", 1e-6))
            .with(WINDOWS_IN_UPPER_LAYERS);

    /** A shared expert with a gate of its own; weights of the chosen experts are not made to sum to one. */
    static final Architecture QWEN2_MOE = Architecture.of("qwen2moe", "Qwen2MoeForCausalLM")
            .withHfDefaults(Map.of("rms_norm_eps", 1e-6))
            .with(WINDOWS_IN_UPPER_LAYERS)
            .with(draft -> draft.normaliseExperts = draft.normalisedIfFlagged(false));

    static final Architecture QWEN3 = Architecture.of("qwen3", "Qwen3ForCausalLM")
            .withHfDefaults(Map.of("head_dim", 128, "rms_norm_eps", 1e-6))
            .with(WINDOWS_IN_UPPER_LAYERS);

    static final Architecture QWEN3_MOE = Architecture.of("qwen3moe", "Qwen3MoeForCausalLM")
            .withHfDefaults(Map.of("rms_norm_eps", 1e-6))
            .with(WINDOWS_IN_UPPER_LAYERS)
            .with(draft -> draft.normaliseExperts = draft.normalisedIfFlagged(draft.isGguf()));

    private Qwen() {}
}
