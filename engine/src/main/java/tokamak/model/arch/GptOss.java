package tokamak.model.arch;

import java.util.Map;
import tokamak.backend.Activation;
import tokamak.model.Architecture;
import tokamak.model.ConfigDraft;

/** OpenAI gpt-oss: attention sinks, a window in every second layer, clamped units, biases everywhere. */
final class GptOss {
    static final Architecture GPT_OSS = Architecture.of("gpt-oss", "GptOssForCausalLM")
            .withHfDefaults(Map.of("head_dim", 64, "rope_theta", 150_000))
            .with(draft -> {
                draft.activation = Activation.CLAMPED_SWIGLU;
                draft.quirks.add(ConfigDraft.Quirk.EXPERTS_TRANSPOSED_ALTERNATING);
                if (draft.isGguf()) {
                    draft.isSliding = layer -> layer % 2 == 0;
                }
            });

    private GptOss() {}
}
