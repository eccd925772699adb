package tokamak.model;

import java.util.List;

/**
 * A place for a tensor in a model, with the names it goes by: GGUF's, and those of Hugging Face checkpoints of all families
 * (below the layer's prefix for the roles of a layer). {@code {e}} stands for an expert's number. Names are without
 * {@code .weight} and {@code .bias}, except where a file has no such suffix.
 */
enum Role {
    TOKEN_EMBEDDING("token_embd", "embed_tokens", "wte", "embed_in", "word_embeddings"),
    POSITION_EMBEDDING("position_embd", "wpe"),
    OUTPUT_NORM("output_norm", "norm", "ln_f", "final_layer_norm", "final_layernorm"),
    OUTPUT("output", "lm_head", "embed_out"),

    MIXER_NORM("blk.{}.attn_norm", "input_layernorm", "ln_1"),
    /** Only where it has a name of its own; see MIDDLE_NORM. */
    MIXER_POST_NORM("", "post_self_attn_layernorm"),
    FFN_NORM("blk.{}.ffn_norm", "pre_feedforward_layernorm", "ln_2"),
    FFN_POST_NORM("blk.{}.post_ffw_norm", "post_feedforward_layernorm", "post_mlp_layernorm"),
    /** The norm between the halves, whose meaning depends on which others there are. */
    MIDDLE_NORM("blk.{}.post_attention_norm", "post_attention_layernorm"),

    ATTN_Q("blk.{}.attn_q", "self_attn.q_proj"),
    ATTN_K("blk.{}.attn_k", "self_attn.k_proj"),
    ATTN_V("blk.{}.attn_v", "self_attn.v_proj"),
    ATTN_QKV("blk.{}.attn_qkv", "self_attn.qkv_proj", "attn.c_attn", "attention.query_key_value"),
    ATTN_OUTPUT("blk.{}.attn_output", "self_attn.o_proj", "self_attn.dense", "attn.c_proj", "attention.dense"),
    ATTN_Q_NORM("blk.{}.attn_q_norm", "self_attn.q_norm", "self_attn.query_layernorm", "self_attn.q_layernorm"),
    ATTN_K_NORM("blk.{}.attn_k_norm", "self_attn.k_norm", "self_attn.key_layernorm", "self_attn.k_layernorm"),
    ATTN_SINKS("blk.{}.attn_sinks", "self_attn.sinks"),

    FFN_GATE("blk.{}.ffn_gate", "mlp.gate_proj"),
    FFN_UP("blk.{}.ffn_up", "mlp.up_proj", "mlp.gate_up_proj", "mlp.c_fc", "mlp.fc1", "mlp.dense_h_to_4h"),
    FFN_DOWN("blk.{}.ffn_down", "mlp.down_proj", "mlp.c_proj", "mlp.fc2", "mlp.dense_4h_to_h"),

    ROUTER("blk.{}.ffn_gate_inp", "mlp.gate", "mlp.router", "block_sparse_moe.gate", "block_sparse_moe.router.layer"),
    ROUTER_SELECTION_BIAS(
            "blk.{}.exp_probs_b", "mlp.gate.e_score_correction_bias", "mlp.moe_statics.e_score_correction_bias"),
    EXPERT_GATE("blk.{}.ffn_gate.{e}", "mlp.experts.{e}.gate_proj", "block_sparse_moe.experts.{e}.w1"),
    EXPERT_UP("blk.{}.ffn_up.{e}", "mlp.experts.{e}.up_proj", "block_sparse_moe.experts.{e}.w3"),
    EXPERT_DOWN("blk.{}.ffn_down.{e}", "mlp.experts.{e}.down_proj", "block_sparse_moe.experts.{e}.w2"),
    /** All experts in one tensor {@code [numExperts, out, in]}. */
    EXPERTS_GATE("blk.{}.ffn_gate_exps"),
    EXPERTS_UP("blk.{}.ffn_up_exps"),
    EXPERTS_DOWN("blk.{}.ffn_down_exps", "mlp.experts.down_proj", "block_sparse_moe.output_linear"),
    /** Gate rows and up rows of all experts in one tensor. */
    EXPERTS_GATE_UP("blk.{}.ffn_gate_up_exps", "mlp.experts.gate_up_proj", "block_sparse_moe.input_linear"),
    SHARED_GATE("blk.{}.ffn_gate_shexp", "mlp.shared_expert.gate_proj", "mlp.shared_experts.gate_proj"),
    SHARED_UP("blk.{}.ffn_up_shexp", "mlp.shared_expert.up_proj", "mlp.shared_experts.up_proj"),
    SHARED_DOWN("blk.{}.ffn_down_shexp", "mlp.shared_expert.down_proj", "mlp.shared_experts.down_proj"),
    SHARED_ROUTER("blk.{}.ffn_gate_inp_shexp", "mlp.shared_expert_gate"),

    /** Divisors of rotary frequencies, GGUF only. */
    ROPE_DIVISORS("rope_freqs"),
    ROPE_LONG_DIVISORS("rope_factors_long"),
    ROPE_SHORT_DIVISORS("rope_factors_short");

    private final String gguf;
    private final List<String> hf;

    Role(String gguf, String... hf) {
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
