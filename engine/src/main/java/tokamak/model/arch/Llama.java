package tokamak.model.arch;

import java.util.Map;
import tokamak.model.Architecture;

/** Llama 1 to 3, and the many that follow it to the letter: Mistral, Mixtral, SmolLM, Yi and others. */
final class Llama {
    static final Architecture LLAMA = Architecture.of("llama", "LlamaForCausalLM")
            .withHfDefaults(Map.of("rms_norm_eps", 1e-6))
            .alsoHf("InternLM3ForCausalLM", "YiForCausalLM", "LLaMAForCausalLM")
            .with(Pairings.ADJACENT_IN_GGUF);

    /** In Hugging Face form every layer may have a window; GGUF files of the family do not record it. */
    static final Architecture MISTRAL = Architecture.of("mistral", "MistralForCausalLM")
            .withHfDefaults(Map.of("num_key_value_heads", 8, "rms_norm_eps", 1e-6))
            .with(Pairings.ADJACENT_IN_GGUF);

    static final Architecture MIXTRAL = Architecture.of("mixtral", "MixtralForCausalLM")
            .withHfDefaults(Map.of("num_key_value_heads", 8, "rope_theta", 1e6))
            .with(Pairings.ADJACENT_IN_GGUF);

    /** SmolLM3: every fourth layer knows nothing of positions. */
    static final Architecture SMOLLM3 = Architecture.of("smollm3", "SmolLM3ForCausalLM")
            .withHfDefaults(Map.of("rms_norm_eps", 1e-6, "rope_theta", 2e6))
            .with(Pairings.ADJACENT_IN_GGUF)
            .with(draft -> {
                if (draft.isGguf()) {
                    draft.isRopeless = layer -> layer % 4 == 3;
                } else {
                    long[] hasRope = draft.source.metadata().integers("no_rope_layers", new long[0]);
                    int interval = (int) draft.source.metadata().integer("no_rope_layer_interval", 4);
                    draft.isRopeless =
                            layer -> layer < hasRope.length ? hasRope[layer] == 0 : (layer + 1) % interval == 0;
                }
            });

    /** ByteDance Seed-OSS. */
    static final Architecture SEED_OSS = Architecture.of("seed_oss", "SeedOssForCausalLM")
            .withHfDefaults(Map.of("head_dim", 128, "rms_norm_eps", 1e-6));

    private Llama() {}
}
