"""Writes GGUF version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) and the Q8_0 block."""

import struct

import numpy as np

F32, F16, Q8_0, BF16 = 0, 1, 8, 30
ALIGNMENT = 32


def q8_0(values):
    """Blocks of 32: a half-precision scale and 32 signed bytes; value = scale * byte. values [rows, columns]."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    quants = np.round(blocks * inverse).astype(np.int8)
    return np.concatenate((scale.astype(np.float16).view(np.uint8), quants.view(np.uint8)), axis=1).tobytes()


def from_q8_0(data, shape):
    raw = np.frombuffer(data, np.uint8).reshape(-1, 34)
    scale = raw[:, :2].copy().view(np.float16).astype(np.float32)
    return (raw[:, 2:].copy().view(np.int8).astype(np.float32) * scale).reshape(shape)


def encoded(values, kind):
    if kind == Q8_0:
        return q8_0(values)
    return values.astype(np.float16 if kind == F16 else np.float32).tobytes()


def string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def typed(value):
    """(type number, bytes) of a metadata value."""
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    if isinstance(value, int):
        return 4, struct.pack("<I", value)
    if isinstance(value, str):
        return 8, string(value)
    kind = {int: 5, str: 8}[type(value[0])]
    items = b"".join(string(v) if kind == 8 else struct.pack("<i", v) for v in value)
    return 9, struct.pack("<IQ", kind, len(value)) + items


def write(path, metadata, tensors):
    """tensors: (name, numpy array, kind) in file order; GGUF lists dimensions from the fastest to the slowest."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind, raw = typed(value)
        head += string(key) + struct.pack("<I", kind) + raw
    body, infos = bytearray(), b""
    for name, array, kind in tensors:
        body += bytes(-len(body) % ALIGNMENT)
        infos += string(name) + struct.pack("<I", array.ndim)
        infos += struct.pack(f"<{array.ndim}Q", *reversed(array.shape)) + struct.pack("<IQ", kind, len(body))
        body += encoded(array, kind)
    head += infos
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + bytes(body))
