package tokamak.model;

import java.util.List;

/** A hyper-parameter, with the keys it has in GGUF metadata (after {@code ARCH.}) and in Hugging Face configurations. */
enum Key {
    HIDDEN_SIZE("embedding_length", "hidden_size", "n_embd", "d_model"),
    NUM_LAYERS("block_count", "num_hidden_layers", "n_layer", "num_layers", "n_layers"),
    /** Layers after the others, for guessing the token after the next. */
    NUM_GUESSING_LAYERS("nextn_predict_layers", "num_nextn_predict_layers"),
    NUM_HEADS("attention.head_count", "num_attention_heads", "n_head", "num_heads", "n_heads"),
    NUM_KV_HEADS("attention.head_count_kv", "num_key_value_heads", "num_kv_heads", "n_head_kv"),
    HEAD_DIM("attention.key_length", "head_dim"),
    VALUE_DIM("attention.value_length"),
    INTERMEDIATE_SIZE("feed_forward_length", "intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim"),
    VOCAB_SIZE("vocab_size", "vocab_size"),
    MAX_POSITIONS("context_length", "max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len"),
    RMS_EPSILON("attention.layer_norm_rms_epsilon", "rms_norm_eps", "norm_eps", "layer_norm_epsilon"),
    LAYER_EPSILON("attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon"),
    ROPE_THETA("rope.freq_base", "rope_theta", "rotary_emb_base"),
    LOCAL_ROPE_THETA("rope.freq_base_swa", "rope_local_base_freq"),
    ROTARY_DIM("rope.dimension_count", "rotary_dim"),
    ROTARY_SHARE("", "partial_rotary_factor", "rotary_pct", "rope_pct"),
    SLIDING_WINDOW("attention.sliding_window", "sliding_window"),
    ATTENTION_SCALE("attention.scale", "attention_multiplier"),
    ATTENTION_SOFTCAP("attn_logit_softcapping", "attn_logit_softcapping"),
    LOGIT_SOFTCAP("final_logit_softcapping", "final_logit_softcapping"),
    LOGIT_SCALE("logit_scale", "logit_scale", "logits_scaling"),
    EMBEDDING_SCALE("embedding_scale", "embedding_multiplier", "scale_emb"),
    RESIDUAL_SCALE("residual_scale", "residual_multiplier"),
    NUM_EXPERTS("expert_count", "num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    NUM_EXPERTS_USED("expert_used_count", "num_experts_per_tok", "moe_k", "num_experts_per_token", "experts_per_token"),
    EXPERT_NORMALISED("expert_weights_norm", "norm_topk_prob"),
    EXPERT_SCALE("expert_weights_scale", "routed_scaling_factor"),
    NUM_EXPERT_GROUPS("expert_group_count", "n_group"),
    NUM_EXPERT_GROUPS_USED("expert_group_used_count", "topk_group"),
    PARALLEL_RESIDUAL("use_parallel_residual", "use_parallel_residual");

    private final String gguf;
    private final List<String> hf;

    Key(String gguf, String... hf) {
        this.gguf = gguf;
        this.hf = List.of(hf);
    }

    String gguf() {
        return gguf;
    }

    List<String> hf() {
        return hf;
    }
}
