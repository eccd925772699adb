package tokamak.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tokamak.backend.Activation;
import tokamak.backend.Norm;
import tokamak.file.ModelFormatException;

/** A model's configuration as the metadata of a GGUF file; refuses what readers of such a file could not know. */
record GgufKeys(String architecture, ModelConfig config, TensorSource source) {
    /** Whose readers look for a window; others see everything. */
    private static final Set<String> WINDOWED = Set.of("gemma2", "gemma3", "gpt-oss", "phi3");

    /** Whose logit scale is a divisor. */
    private static final Set<String> LOGITS_DIVIDED = Set.of("granite", "granitemoe", "minicpm");

    private static final Set<String> PARALLEL_BY_KEY = Set.of("gptneox", "stablelm");

    /** Layers of the models that divide by the width over the heads. */
    private static final Map<String, Integer> GEMMA_27B = Map.of("gemma2", 46, "gemma3", 62);

    /** Whose readers leave the weights of the chosen experts as they are; others make them sum to one. */
    private static final Set<String> NEVER_NORMALISED = Set.of("olmoe", "qwen2moe");

    /** Whole numbers as {@link Long}. */
    Map<String, Object> all(long vocabSize, long expertSize, long sharedExpertSize) throws ModelFormatException {
        requireKnownLayers();
        requireKnownChoices();
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("vocab_size", vocabSize);
        own.put("context_length", (long) config.maxPositions());
        own.put("embedding_length", (long) config.hiddenSize());
        own.put("block_count", (long) config.numLayers());
        own.put("feed_forward_length", (long) config.intermediateSize());
        own.put("attention.head_count", (long) config.numHeads());
        own.put("attention.head_count_kv", (long) config.layers().getFirst().numKvHeads());
        own.put("attention.key_length", (long) config.headDim());
        own.put("attention.value_length", (long) config.valueDim());
        boolean rms = config.normKind() == Norm.Kind.RMS;
        own.put(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", config.normEpsilon());
        putScales(own);
        putRope(own);
        if (WINDOWED.contains(architecture)) {
            own.put("attention.sliding_window", (long) window());
        }
        if (PARALLEL_BY_KEY.contains(architecture)) {
            own.put("use_parallel_residual", config.wiring() == ModelConfig.Wiring.PARALLEL);
        }
        ModelConfig.Moe moe = config.moe();
        if (moe != null) {
            own.put("expert_count", (long) moe.numExperts());
            own.put("expert_used_count", (long) moe.numUsed());
            own.put("expert_feed_forward_length", expertSize == 0 ? config.intermediateSize() : expertSize);
            own.put("expert_weights_norm", moe.normalise());
            if (sharedExpertSize > 0) {
                own.put("expert_shared_feed_forward_length", sharedExpertSize);
            }
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", architecture);
        metadata.put("general.type", "model");
        own.forEach((key, value) -> metadata.put(architecture + "." + key, value));
        return metadata;
    }

    private int window() {
        return config.layers().stream()
                .mapToInt(ModelConfig.Layer::window)
                .max()
                .orElse(0);
    }

    private void putScales(Map<String, Object> own) {
        ModelConfig.Scales scales = config.scales();
        if (LOGITS_DIVIDED.contains(architecture)) {
            own.put("embedding_scale", scales.embedding());
            own.put("residual_scale", scales.residual());
            own.put("attention.scale", scales.attention());
            own.put("logit_scale", 1 / scales.logits());
        } else if (scales.logits() != 1) {
            own.put("logit_scale", scales.logits());
        }
        if (scales.attentionSoftcap() != 0) {
            own.put("attn_logit_softcapping", scales.attentionSoftcap());
        }
        if (scales.logitSoftcap() != 0) {
            own.put("final_logit_softcapping", scales.logitSoftcap());
        }
    }

    private void putRope(Map<String, Object> own) throws ModelFormatException {
        RopeConfig rope = config.rope();
        if (rope.rotated() == 0) {
            return;
        }
        own.put("rope.dimension_count", (long) rope.rotated());
        own.put("rope.freq_base", rope.theta());
        if (config.localRope() != rope) {
            own.put("rope.freq_base_swa", config.localRope().theta());
        }
        switch (rope.scaling()) {
            case RopeScaling.None _, RopeScaling.Llama3 _ -> { // the latter is a tensor
                if (architecture.equals("phi3")) {
                    // llama.cpp refuses files of the family without it.
                    own.put("rope.scaling.original_context_length", (long) config.maxPositions());
                }
            }
            case RopeScaling.Linear linear -> {
                own.put("rope.scaling.type", "linear");
                own.put("rope.scaling.factor", linear.factor());
            }
            case RopeScaling.Yarn yarn -> {
                own.put("rope.scaling.type", "yarn");
                own.put("rope.scaling.factor", yarn.factor());
                own.put("rope.scaling.original_context_length", (long) yarn.originalPositions());
                own.put("rope.scaling.yarn_beta_fast", yarn.betaFast());
                own.put("rope.scaling.yarn_beta_slow", yarn.betaSlow());
                double usual = RopeReader.yarnMagnitude(yarn.factor(), 1);
                if (Math.abs(yarn.magnitude() - usual) > 1e-6) {
                    own.put("rope.scaling.attn_factor", yarn.magnitude() / usual);
                }
            }
            case RopeScaling.LongRope longRope -> {
                own.put("rope.scaling.original_context_length", (long) longRope.originalPositions());
                own.put("rope.scaling.attn_factor", longRope.magnitude());
            }
            case RopeScaling.Divisors _ -> throw source.error("its rope scaling cannot be written as GGUF yet");
        }
    }

    /** Which layers have a window, or no positions, is not in the file: readers take it from the family. */
    private void requireKnownLayers() throws ModelFormatException {
        boolean windowed = WINDOWED.contains(architecture) && window() > 0;
        for (int i = 0; i < config.numLayers(); i++) {
            ModelConfig.Layer layer = config.layers().get(i);
            boolean usual = switch (architecture) {
                case "gemma2" -> i % 2 == 0;
                case "gemma3" -> i % 6 != 5;
                case "gpt-oss" -> i % 2 == 0;
                default -> true;
            };
            if (windowed && layer.window() > 0 != usual) {
                throw source.error("layer " + i + (usual ? " sees everything" : " has a window")
                        + ", unlike in other models of the family: a GGUF file cannot say so");
            }
            boolean ropeless = layer.position() == ModelConfig.Position.NONE
                    && config.rope().rotated() > 0;
            if (ropeless != (architecture.equals("smollm3") && i % 4 == 3)) {
                throw source.error("layer " + i + (ropeless ? " has no positions" : " has positions")
                        + ", unlike in other models of the family: a GGUF file cannot say so");
            }
        }
    }

    /** Nor are these: readers take them from the family. */
    private void requireKnownChoices() throws ModelFormatException {
        Activation usual = switch (architecture) {
            case "gpt2", "gptneox", "gemma", "gemma2", "gemma3", "phi2", "starcoder2" -> Activation.GELU_TANH;
            case "nemotron" -> Activation.RELU_SQUARED;
            case "gpt-oss" -> Activation.CLAMPED_SWIGLU;
            default -> Activation.SILU;
        };
        boolean alike = config.activation() == Activation.GELU && usual == Activation.GELU_TANH;
        if (config.activation() != usual && !alike) {
            throw source.error("its activation is " + config.activation() + " where other models of the family have "
                    + usual + ": a GGUF file cannot say so");
        }
        double perHead = 1 / Math.pow(config.scales().attention(), 2);
        double perHeadOf27B = (double) config.hiddenSize() / config.numHeads();
        boolean known = LOGITS_DIVIDED.contains(architecture)
                || Math.abs(perHead - config.headDim()) < 0.01
                || GEMMA_27B.getOrDefault(architecture, 0) == config.numLayers()
                        && Math.abs(perHead - perHeadOf27B) < 0.01;
        if (!known) {
            throw source.error("scores of attention are divided by the root of " + Math.round(perHead) + " instead of "
                    + config.headDim() + ", the size of a head: a GGUF file cannot say so");
        }
        ModelConfig.Moe moe = config.moe();
        if (moe != null && moe.normalise() == NEVER_NORMALISED.contains(architecture)) {
            throw source.error("weights of the chosen experts are " + (moe.normalise() ? "" : "not ")
                    + "made to sum to one, unlike in other models of the family: a GGUF file cannot say so");
        }
    }
}
