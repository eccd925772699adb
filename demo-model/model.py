"""The network: a Qwen3 decoder as small as possible, in plain PyTorch.

Grouped-query attention with a norm on every query and key head, rotary positions (the two halves of a head are a
pair, as in Hugging Face's Qwen3), SwiGLU, RMSNorm before each half of a block, input and output embedding shared.
"""

import json
import math
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab_size: int = 2304
    hidden_size: int = 192
    intermediate_size: int = 512
    num_layers: int = 6
    num_heads: int = 4
    num_kv_heads: int = 2
    head_dim: int = 64
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-6
    max_positions: int = 1024

    def to_json(self):
        return json.dumps(asdict(self), indent=2)


class Normalise(torch.autograd.Function):
    """x / rms(x) * weight with as few passes over memory as PyTorch allows; x [..., size] float32."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx, grad):
        unit, scale, weight = ctx.saved_tensors
        dw = (grad * unit).flatten(0, -2).sum(0)
        dx = grad * weight
        along = (dx * unit).sum(-1, keepdim=True).div_(-unit.shape[-1])
        return dx.addcmul_(unit, along).mul_(scale), dw, None


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return Normalise.apply(x.float(), self.weight, self.eps)


class GatedUnit(torch.autograd.Function):
    """silu(gate) * up."""

    @staticmethod
    def forward(ctx, gate, up):
        sigmoid = torch.sigmoid(gate)
        ctx.save_for_backward(gate, up, sigmoid)
        return (gate * sigmoid).mul_(up)

    @staticmethod
    def backward(ctx, grad):
        gate, up, sigmoid = ctx.saved_tensors
        swish = gate * sigmoid
        dup = grad * swish
        # d silu = sigmoid + silu * (1 - sigmoid) = sigmoid + silu - silu * sigmoid
        slope = (sigmoid + swish).addcmul_(swish, sigmoid, value=-1)
        return slope.mul_(up).mul_(grad), dup


def rotary_tables(config):
    """cos and sin, [max_positions, head_dim]; both halves of a head carry the same angles."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float64)
    angles = torch.outer(
        torch.arange(config.max_positions, dtype=torch.float64), config.rope_theta ** (-half / config.head_dim)
    )
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class CausalAttention(torch.autograd.Function):
    """softmax(q k^T / sqrt(d)) v in slices of some rows and queries, with the weights recomputed on the way back.

    On a CPU the whole batch's score matrix costs more time in page faults and memory traffic than in arithmetic;
    a slice of it stays in the cache, and a slice of the queries skips the keys that come later.
    q [batch, kv heads, group, length, d]; k, v [batch, kv heads, length, d].
    """

    QUERIES = 64

    @staticmethod
    def slices(q):
        """(rows, first query, end of queries) of every slice."""
        rows = max(1, (1 << 18) // (q.shape[1] * q.shape[2] * CausalAttention.QUERIES * q.shape[3]))
        for row in range(0, q.shape[0], rows):
            for first in range(0, q.shape[3], CausalAttention.QUERIES):
                yield slice(row, row + rows), first, min(first + CausalAttention.QUERIES, q.shape[3])

    @staticmethod
    def weights(q, k, future):
        """q [n, group * queries, d], k [n, keys, d] -> [n, group * queries, keys] in float32."""
        queries, keys = future.shape[0], k.shape[1]
        scores = torch.bmm(q, k.transpose(1, 2)).float().mul_(1 / math.sqrt(k.shape[2]))
        # Only the last keys, as many as there are queries, can lie in a query's future.
        scores.view(-1, q.shape[1] // queries, queries, keys)[..., keys - queries :].add_(future)
        return torch.softmax(scores, dim=-1)

    @staticmethod
    def future(queries, device):
        return torch.full((queries, queries), float("-inf"), device=device).triu_(1)

    @staticmethod
    def forward(ctx, q, k, v):
        out = torch.empty_like(q)
        mask = CausalAttention.future(min(CausalAttention.QUERIES, q.shape[3]), q.device)
        for s, first, end in CausalAttention.slices(q):
            n = end - first
            part = q[s, :, :, first:end].reshape(-1, q.shape[2] * n, q.shape[4])
            w = CausalAttention.weights(part, k[s, :, :end].flatten(0, 1), mask[:n, :n]).to(q.dtype)
            o = torch.bmm(w, v[s, :, :end].flatten(0, 1))
            out[s, :, :, first:end] = o.view(-1, q.shape[1], q.shape[2], n, q.shape[4])
        ctx.save_for_backward(q, k, v, out)
        return out

    @staticmethod
    def backward(ctx, grad):
        q, k, v, out = ctx.saved_tensors
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        grad = grad.to(q.dtype)
        row = (grad.float() * out.float()).sum(-1, keepdim=True)
        mask = CausalAttention.future(min(CausalAttention.QUERIES, q.shape[3]), q.device)
        for s, first, end in CausalAttention.slices(q):
            n = end - first
            flat = lambda t: t[s, :, :, first:end].reshape(-1, q.shape[2] * n, t.shape[4])
            part, g = flat(q), flat(grad)
            keys, values = k[s, :, :end].flatten(0, 1), v[s, :, :end].flatten(0, 1)
            w = CausalAttention.weights(part, keys, mask[:n, :n])
            dw = torch.bmm(g, values.transpose(1, 2)).float().sub_(flat(row)).mul_(w).mul_(1 / math.sqrt(k.shape[3]))
            dw, w = dw.to(q.dtype), w.to(q.dtype)
            dq[s, :, :, first:end] = torch.bmm(dw, keys).view(-1, q.shape[1], q.shape[2], n, q.shape[4])
            dk[s, :, :end] += torch.bmm(dw.transpose(1, 2), part).view(-1, k.shape[1], end, k.shape[3])
            dv[s, :, :end] += torch.bmm(w.transpose(1, 2), g).view(-1, k.shape[1], end, k.shape[3])
        return dq, dk, dv


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.q_proj = nn.Linear(c.hidden_size, c.num_heads * c.head_dim, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, c.num_kv_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, c.num_kv_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.num_heads * c.head_dim, c.hidden_size, bias=False)
        self.q_norm = RmsNorm(c.head_dim, c.rms_norm_eps)
        self.k_norm = RmsNorm(c.head_dim, c.rms_norm_eps)

    def forward(self, x, cos, sin, mask, cache):
        c = self.c
        batch, length, _ = x.shape
        group = c.num_heads // c.num_kv_heads
        q = self.q_norm(self.q_proj(x).view(batch, length, c.num_heads, c.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(batch, length, c.num_kv_heads, c.head_dim)).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, c.num_kv_heads, c.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            if cache:
                k = torch.cat((cache[0], k), dim=2)
                v = torch.cat((cache[1], v), dim=2)
            cache[:] = (k, v)
        # Query heads that share a key head lie side by side, so one batched product serves the group.
        q = q.reshape(batch, c.num_kv_heads, group, length, c.head_dim)
        if cache is None:
            dtype = torch.bfloat16 if torch.is_autocast_cpu_enabled() or torch.is_autocast_enabled() else q.dtype
            out = CausalAttention.apply(q.to(dtype), k.to(dtype), v.to(dtype))
        else:
            scores = torch.matmul(q, k.unsqueeze(2).transpose(3, 4)) / math.sqrt(c.head_dim)
            out = torch.matmul(torch.softmax(scores + mask, dim=-1), v.unsqueeze(2))
        out = out.view(batch, c.num_heads, length, c.head_dim)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(GatedUnit.apply(self.gate_proj(x), self.up_proj(x)))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.mlp = Mlp(c)

    def forward(self, x, cos, sin, mask, cache):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class DemoModel(nn.Module):
    """Names of parameters are Hugging Face's without the leading 'model.', so that the export only adds a prefix."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)
        cos, sin = rotary_tables(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                scale = 0.02 if "embed" in name else 0.5 / math.sqrt(p.shape[1])
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    scale /= math.sqrt(2 * config.num_layers)
                nn.init.normal_(p, std=scale)

    def hidden(self, ids, caches=None):
        """ids [batch, length] -> [batch, length, hidden]; caches: one list per layer, filled and extended."""
        start = caches[0][0].shape[2] if caches and caches[0] else 0
        length = ids.shape[1]
        cos, sin = self.cos[start : start + length], self.sin[start : start + length]
        mask = torch.full((length, start + length), float("-inf"), device=ids.device).triu(start + 1)
        x = self.embed_tokens(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, mask, caches[i] if caches else None)
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embed_tokens.weight)

    def loss(self, ids, weights):
        """Weighted mean of the next-token losses; weights [batch, length] says how much predicting token t counts."""
        hidden = self.hidden(ids[:, :-1])
        w = weights[:, 1:].reshape(-1)
        keep = w.nonzero().squeeze(1)  # logits only where the loss looks
        logits = self.logits(hidden.reshape(-1, hidden.shape[-1])[keep]).float()
        losses = F.cross_entropy(logits, ids[:, 1:].reshape(-1)[keep], reduction="none")
        return (losses * w[keep]).sum(), w.sum(), losses.sum().detach(), keep.numel()

    @torch.no_grad()
    def generate(self, prompt, max_tokens, stop_ids):
        """Greedy continuation of one prompt (a list of ids) until a stop id, which is not returned."""
        caches = [[] for _ in self.layers]
        ids = torch.tensor([prompt])
        out = []
        while len(out) < max_tokens and len(prompt) + len(out) < self.config.max_positions:
            token = int(self.logits(self.hidden(ids, caches)[:, -1]).argmax(-1))
            if token in stop_ids:
                break
            out.append(token)
            ids = torch.tensor([[token]])
        return out
