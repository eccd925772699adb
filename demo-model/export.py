"""Writes a checkpoint as GGUF and as a Hugging Face directory.

python3 export.py --work DIR [--checkpoint best.pt] [--gguf FILE] [--hf FOLDER]
"""

import argparse
import json
import pathlib
import struct

import torch

import gguf
import render
from tokenizer import ADDED, SPECIAL, Tokenizer

NAME = "Tokamak demo"
# So small a model is sure of few things; at the usual 1.0 it wanders off.
TEMPERATURE = 0.3
DESCRIPTION = (
    "A very small chat model, trained from scratch on synthetic dialogues so that Tokamak has something to run."
)
LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    if name.startswith("layers."):
        _, layer, rest = name.split(".", 2)
        return f"blk.{layer}.{LAYER_NAMES[rest.removesuffix('.weight')]}.weight"
    return {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]


def write_gguf(path, weights, c, tokenizer):
    types = [3 if t in SPECIAL else 4 if t in ADDED else 1 for t in tokenizer.tokens]  # control, user-defined, normal
    metadata = {
        "general.architecture": "qwen3",
        "general.type": "model",
        "general.name": NAME,
        "general.description": DESCRIPTION,
        "general.license": "apache-2.0",
        "general.size_label": "4M",
        "general.languages": ["en"],
        "general.file_type": 7,
        "general.quantization_version": 2,
        "general.sampling.temp": TEMPERATURE,
        "qwen3.context_length": c["max_positions"],
        "qwen3.embedding_length": c["hidden_size"],
        "qwen3.block_count": c["num_layers"],
        "qwen3.feed_forward_length": c["intermediate_size"],
        "qwen3.attention.head_count": c["num_heads"],
        "qwen3.attention.head_count_kv": c["num_kv_heads"],
        "qwen3.attention.layer_norm_rms_epsilon": float(c["rms_norm_eps"]),
        "qwen3.vocab_size": c["vocab_size"],
        "qwen3.rope.freq_base": float(c["rope_theta"]),
        "qwen3.rope.dimension_count": c["head_dim"],
        "qwen3.attention.key_length": c["head_dim"],
        "qwen3.attention.value_length": c["head_dim"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokenizer.tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": [f"{a} {b}" for a, b in tokenizer.merges],
        "tokenizer.ggml.bos_token_id": tokenizer.end_of_text,
        "tokenizer.ggml.eos_token_id": tokenizer.im_end,
        "tokenizer.ggml.eot_token_id": tokenizer.im_end,
        "tokenizer.ggml.padding_token_id": tokenizer.end_of_text,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.chat_template": render.TEMPLATE,
    }
    tensors = [(gguf_name(n), w.numpy(), gguf.Q8_0 if w.dim() == 2 else gguf.F32) for n, w in weights.items()]
    gguf.write(path, metadata, tensors)


def write_safetensors(path, weights):
    """The format's eight-byte length, JSON header and raw little-endian data, in BF16."""
    header, body = {"__metadata__": {"format": "pt"}}, bytearray()
    for name, w in weights.items():
        raw = w.to(torch.bfloat16).view(torch.int16).numpy().tobytes()
        header[f"model.{name}"] = {
            "dtype": "BF16",
            "shape": list(w.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def write_hf(folder, weights, c, tokenizer):
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / "model.safetensors", weights)
    tokenizer.save(folder / "tokenizer.json")

    def put(name, value):
        (folder / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    put(
        "config.json",
        {
            "architectures": ["Qwen3ForCausalLM"],
            "model_type": "qwen3",
            "torch_dtype": "bfloat16",
            "vocab_size": c["vocab_size"],
            "hidden_size": c["hidden_size"],
            "intermediate_size": c["intermediate_size"],
            "num_hidden_layers": c["num_layers"],
            "num_attention_heads": c["num_heads"],
            "num_key_value_heads": c["num_kv_heads"],
            "head_dim": c["head_dim"],
            "rope_theta": c["rope_theta"],
            "rms_norm_eps": c["rms_norm_eps"],
            "max_position_embeddings": c["max_positions"],
            "hidden_act": "silu",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "tie_word_embeddings": True,
            "use_sliding_window": False,
            "sliding_window": None,
            "rope_scaling": None,
            "initializer_range": 0.02,
            "use_cache": True,
            "bos_token_id": tokenizer.end_of_text,
            "eos_token_id": tokenizer.im_end,
        },
    )
    put(
        "generation_config.json",
        {
            "bos_token_id": tokenizer.end_of_text,
            "eos_token_id": [tokenizer.im_end, tokenizer.end_of_text],
            "pad_token_id": tokenizer.end_of_text,
            "do_sample": True,
            "temperature": TEMPERATURE,
        },
    )
    put(
        "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "add_prefix_space": False,
            "add_bos_token": False,
            "bos_token": None,
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "unk_token": None,
            "model_max_length": c["max_positions"],
            "clean_up_tokenization_spaces": False,
            "errors": "replace",
            "added_tokens_decoder": {
                str(tokenizer.ids[t]): {
                    "content": t,
                    "lstrip": False,
                    "normalized": False,
                    "rstrip": False,
                    "single_word": False,
                    "special": t in SPECIAL,
                }
                for t in ADDED
            },
            "chat_template": render.TEMPLATE,
        },
    )


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--checkpoint", default="best.pt")
    p.add_argument("--gguf", type=pathlib.Path)
    p.add_argument("--hf", type=pathlib.Path)
    a = p.parse_args()
    saved = torch.load(a.work / a.checkpoint, map_location="cpu")
    tokenizer = Tokenizer.load(a.work / "tokenizer.json")
    weights = {n: w.float() for n, w in saved["model"].items()}
    if a.gguf:
        a.gguf.parent.mkdir(parents=True, exist_ok=True)
        write_gguf(a.gguf, weights, saved["config"], tokenizer)
        print(f"{a.gguf}: {a.gguf.stat().st_size / 1e6:.2f} MB")
    if a.hf:
        write_hf(a.hf, weights, saved["config"], tokenizer)
        print(a.hf)


if __name__ == "__main__":
    main()
