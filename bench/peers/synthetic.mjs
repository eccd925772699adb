// Writes GGUF files of published models' sizes with random weights, so that llama.cpp and Tokamak can run the same file.
import {randomFillSync} from "node:crypto";
import fs from "node:fs";

export const SHAPES = {
    "qwen3-0.6b": {hidden: 1024, layers: 28, heads: 16, kvHeads: 8, headDim: 128, intermediate: 3072, vocab: 151936, tied: true},
    "qwen3-1.7b": {hidden: 2048, layers: 28, heads: 16, kvHeads: 8, headDim: 128, intermediate: 6144, vocab: 151936, tied: true},
    "qwen3-4b": {hidden: 2560, layers: 36, heads: 32, kvHeads: 8, headDim: 128, intermediate: 9728, vocab: 151936, tied: true},
    "qwen3-8b": {hidden: 4096, layers: 36, heads: 32, kvHeads: 8, headDim: 128, intermediate: 12288, vocab: 151936, tied: false}
};

// ggml type id, numbers and bytes per block, byte offsets of half-precision scales, and a scale that gives weights of about 0.02
const TYPES = {
    F32: {id: 0, size: 1, bytes: 4},
    F16: {id: 1, size: 1, bytes: 2},
    BF16: {id: 30, size: 1, bytes: 2},
    Q4_0: {id: 2, size: 32, bytes: 18, scales: [0], scale: 0.02 / 8},
    Q8_0: {id: 8, size: 32, bytes: 34, scales: [0], scale: 0.02 / 127},
    Q4_K: {id: 12, size: 256, bytes: 144, scales: [0, 2], scale: 0.02 / 400},
    Q6_K: {id: 14, size: 256, bytes: 210, scales: [208], scale: 0.02 / 3000}
};

function toHalf(value) {
    const bits = new Uint32Array(new Float32Array([value]).buffer)[0];
    const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
    if (exponent <= 0) { // subnormal halves are enough for tiny scales
        return Math.round(value / 2 ** -24);
    }
    return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

function randomTensor(type, count) {
    const blocks = count / type.size;
    const data = Buffer.allocUnsafe(blocks * type.bytes);
    if (type.id === 0) {
        for (let i = 0; i < count; i++) {
            data.writeFloatLE(0.75 + Math.random() / 2, i * 4);
        }
        return data;
    }
    for (let at = 0; at < data.length; at += 1 << 20) {
        randomFillSync(data, at, Math.min(1 << 20, data.length - at));
    }
    if (type.size === 1) {
        // sign and mantissa stay random, the exponent makes it about 0.01
        const words = new Uint16Array(data.buffer, data.byteOffset, count);
        const keep = type.id === 30 ? 0x807f : 0x83ff;
        const exponent = type.id === 30 ? 120 << 7 : 8 << 10;
        for (let i = 0; i < count; i++) {
            words[i] = (words[i] & keep) | exponent;
        }
        return data;
    }
    const scale = toHalf(type.scale);
    for (let block = 0; block < blocks; block++) {
        for (const offset of type.scales) {
            data.writeUInt16LE(scale, block * type.bytes + offset);
        }
    }
    return data;
}

// The mixes of llama.cpp's quantiser: some value and down matrices and the output get more bits.
function mixOf(format) {
    if (format === "Q4_K_M") {
        return {
            plain: "Q4_K", output: "Q6_K",
            important: (i, n) => i < Math.floor(n / 8) || i >= Math.floor(7 * n / 8) || (i - Math.floor(n / 8)) % 3 === 2 ? "Q6_K" : "Q4_K"
        };
    }
    const output = format.startsWith("Q") && format !== "Q8_0" ? "Q6_K" : format;
    return {plain: format, output, important: () => format};
}

function tensorsOf(s, format) {
    const mix = mixOf(format);
    const tensors = [
        ["token_embd.weight", s.tied ? mix.output : mix.plain, [s.vocab, s.hidden]],
        ["output_norm.weight", "F32", [s.hidden]]
    ];
    if (!s.tied) {
        tensors.push(["output.weight", mix.output, [s.vocab, s.hidden]]);
    }
    const query = s.heads * s.headDim;
    const key = s.kvHeads * s.headDim;
    for (let i = 0; i < s.layers; i++) {
        const important = mix.important(i, s.layers);
        for (const [name, type, shape] of [
            ["attn_norm", "F32", [s.hidden]],
            ["attn_q", mix.plain, [query, s.hidden]],
            ["attn_k", mix.plain, [key, s.hidden]],
            ["attn_v", important, [key, s.hidden]],
            ["attn_output", mix.plain, [s.hidden, query]],
            ["attn_q_norm", "F32", [s.headDim]],
            ["attn_k_norm", "F32", [s.headDim]],
            ["ffn_norm", "F32", [s.hidden]],
            ["ffn_gate", mix.plain, [s.intermediate, s.hidden]],
            ["ffn_up", mix.plain, [s.intermediate, s.hidden]],
            ["ffn_down", important, [s.hidden, s.intermediate]]
        ]) {
            tensors.push([`blk.${i}.${name}.weight`, type, shape]);
        }
    }
    return tensors;
}

const U32 = 4, I32 = 5, F32 = 6, STRING = 8, ARRAY = 9;

class Bytes {
    parts = [];
    length = 0;
    push(buffer) { this.parts.push(buffer); this.length += buffer.length; return this; }
    u32(value) { const b = Buffer.alloc(4); b.writeUInt32LE(value); return this.push(b); }
    f32(value) { const b = Buffer.alloc(4); b.writeFloatLE(value); return this.push(b); }
    u64(value) { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); return this.push(b); }
    string(value) { const b = Buffer.from(value); return this.u64(b.length).push(b); }
    pad(alignment) { return this.push(Buffer.alloc((alignment - this.length % alignment) % alignment)); }
    whole() { return Buffer.concat(this.parts); }
}

function header(s, tensors) {
    const pairs = new Bytes();
    let count = 0;
    const pair = (key, type) => { count++; return pairs.string(key).u32(type); };
    const arch = {
        context_length: 40960, embedding_length: s.hidden, block_count: s.layers, feed_forward_length: s.intermediate,
        "attention.head_count": s.heads, "attention.head_count_kv": s.kvHeads, "attention.key_length": s.headDim,
        "attention.value_length": s.headDim, vocab_size: s.vocab
    };
    pair("general.architecture", STRING).string("qwen3");
    for (const [key, value] of Object.entries(arch)) {
        pair("qwen3." + key, U32).u32(value);
    }
    pair("qwen3.rope.freq_base", F32).f32(1e6);
    pair("qwen3.attention.layer_norm_rms_epsilon", F32).f32(1e-6);
    pair("tokenizer.ggml.model", STRING).string("gpt2");
    pair("tokenizer.ggml.pre", STRING).string("qwen2");
    const tokens = new Bytes().u32(STRING).u64(s.vocab);
    for (let i = 0; i < s.vocab; i++) {
        tokens.string(i < 26 ? String.fromCharCode(97 + i) : "t" + i);
    }
    pair("tokenizer.ggml.tokens", ARRAY).push(tokens.whole());
    const types = Buffer.alloc(4 * s.vocab);
    for (let i = 0; i < s.vocab; i++) {
        types.writeInt32LE(1, 4 * i);
    }
    pair("tokenizer.ggml.token_type", ARRAY).u32(I32).u64(s.vocab).push(types);
    pair("tokenizer.ggml.merges", ARRAY).u32(STRING).u64(1).string("a b");
    pair("tokenizer.ggml.eos_token_id", U32).u32(s.vocab - 1);

    const out = new Bytes().push(Buffer.from("GGUF")).u32(3).u64(tensors.length).u64(count).push(pairs.whole());
    let offset = 0;
    for (const [name, typeName, shape] of tensors) {
        const type = TYPES[typeName];
        out.string(name).u32(shape.length);
        for (const dim of [...shape].reverse()) {
            out.u64(dim);
        }
        out.u32(type.id).u64(offset);
        const bytes = shape.reduce((a, b) => a * b, 1) / type.size * type.bytes;
        offset += Math.ceil(bytes / 32) * 32;
    }
    return out.pad(32).whole();
}

export function writeModel(shapeName, format, file) {
    const shape = SHAPES[shapeName];
    if (!shape) {
        throw new Error(`no shape '${shapeName}'; expected one of ${Object.keys(SHAPES).join(", ")}`);
    }
    const tensors = tensorsOf(shape, format);
    const partial = file + ".part";
    const out = fs.openSync(partial, "w");
    try {
        fs.writeSync(out, header(shape, tensors));
        for (const [, typeName, dims] of tensors) {
            const data = randomTensor(TYPES[typeName], dims.reduce((a, b) => a * b, 1));
            for (let at = 0; at < data.length; at += 1 << 26) {
                fs.writeSync(out, data, at, Math.min(1 << 26, data.length - at));
            }
            fs.writeSync(out, Buffer.alloc((32 - data.length % 32) % 32));
        }
    } finally {
        fs.closeSync(out);
    }
    fs.renameSync(partial, file);
}
