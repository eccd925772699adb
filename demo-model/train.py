"""Trains the demo model. Data is written by the generator while training runs, so no example is seen twice.

    python3 train.py --work DIR [--minutes 90 | --steps 4000] [--workers 2]

Every worker is a process with one thread and its own data; every few steps they average their weights without waiting
for each other, so that a busy machine delays only the worker it takes the processor from.

DIR receives tokenizer.json, log.tsv, last.pt (the same command goes on from there after any interruption; SIGTERM
saves it at once) and best.pt (the lowest held-out loss so far). The learning rate follows the share of the budget that is used.
"""

import argparse
import json
import math
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

# Large freed blocks go back to the kernel by default and their pages are faulted in anew for every temporary, which
# costs more than the arithmetic. glibc reads this at start only, hence the restart.
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
    "OMP_WAIT_POLICY": "PASSIVE",
}
if __name__ == "__main__" and "MALLOC_TOP_PAD_" not in os.environ:
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})

import numpy as np
import torch

import render
from dialogues import Writer
from model import Config, DemoModel
from muon import Muon
from tokenizer import Tokenizer

SHARD = 3000  # dialogues per generated shard
BATCH_TOKENS = 2048
MAX_TOKENS = 1024


def encode(tokenizer, dialogue):
    ids, weights = [], []
    for text, weight in render.pieces(dialogue):
        part = tokenizer.encode(text)
        ids += part
        weights += [weight] * len(part)
    return ids, weights


def batches(tokenizer, writer, count, rng):
    """Batches of about BATCH_TOKENS padded tokens; dialogues of similar length together, batches in random order."""
    examples = [encode(tokenizer, writer.dialogue()) for _ in range(count)]
    examples = [e for e in examples if len(e[0]) <= MAX_TOKENS]
    examples.sort(key=lambda e: len(e[0]) + rng.random())
    out, group = [], []
    for e in examples:
        if group and (len(group) + 1) * len(e[0]) > BATCH_TOKENS:
            out.append(group)
            group = []
        group.append(e)
    out.append(group)
    rng.shuffle(out)
    return out


def tensors(group, pad, device):
    width = max(len(ids) for ids, _ in group)
    ids = torch.full((len(group), width), pad)
    weights = torch.zeros(len(group), width)
    for row, (i, w) in enumerate(group):
        ids[row, : len(i)] = torch.tensor(i)
        weights[row, : len(w)] = torch.tensor(w)
    return ids.to(device), weights.to(device)


def held_out(tokenizer, count):
    """Answers of held-out dialogues: only the full-weight tokens count."""
    writer = Writer(seed=777, held=True)
    rng = random.Random(0)
    groups = batches(tokenizer, writer, count, rng)
    return [[(ids, [1.0 if x == render.ANSWER else 0.0 for x in w]) for ids, w in g] for g in groups]


def clock():
    """Seconds, small enough for a float32."""
    return time.time() % 65536


class Exchange:
    """A file of floats through which the workers see each other: per worker a time, its progress, its weights."""

    FRESH = 60.0  # seconds; older weights are not mixed in
    STALE = 20.0  # seconds without a step of the first worker after which the others rest: it was paused

    def __init__(self, file, workers, rank, parameters):
        self.rank, self.parameters = rank, list(parameters)
        size = sum(q.numel() for q in self.parameters)
        if rank == 0:
            with open(file, "wb") as f:
                f.truncate(workers * (2 + size) * 4)
        self.shared = np.memmap(file, np.float32, "r+", shape=(workers, 2 + size))

    def publish(self, progress):
        self.shared[self.rank, :2] = (clock(), progress)

    @torch.no_grad()
    def mix(self):
        own = torch.nn.utils.parameters_to_vector(self.parameters)
        self.shared[self.rank, 2:] = own.numpy()
        others = [r for r in range(len(self.shared)) if r != self.rank and clock() - self.shared[r, 0] < self.FRESH]
        others = [r for r in others if self.shared[r, 2:].any()]
        if others:
            own = (own + sum(torch.from_numpy(self.shared[r, 2:].copy()) for r in others)) / (1 + len(others))
            torch.nn.utils.vector_to_parameters(own, self.parameters)

    def first(self):
        """The first worker's progress; waits while that worker rests, and says 1 when it has ended."""
        while os.getppid() != 1:
            if clock() - self.shared[0, 0] < self.STALE or self.shared[0, 1] >= 1.0:
                return float(self.shared[0, 1])
            time.sleep(0.5)
        return 1.0


@torch.no_grad()
def held_loss(model, groups, pad, device):
    total = n = 0
    for g in groups:
        ids, weights = tensors(g, pad, device)
        with torch.autocast(device, dtype=torch.bfloat16):
            s, w, _, _ = model.loss(ids, weights)
        total, n = total + float(s), n + float(w)
    return total / n


def rate(progress):
    """Constant, then down to 2 % along a cosine over the last half of the budget."""
    if progress < 0.5:
        return 1.0
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - 0.5) / 0.5)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--minutes", type=float, default=90)
    p.add_argument("--steps", type=int, help="stop after so many steps instead of minutes")
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--rank", type=int, default=0, help="used by the first worker when it starts the others")
    p.add_argument("--rate", type=float, default=0.015, help="peak of Muon; AdamW gets a fifth")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer_file = a.work / "tokenizer.json"
    if not tokenizer_file.exists():
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name("tokenizer.py"), tokenizer_file], check=True)
    tokenizer = Tokenizer.load(tokenizer_file)
    pad = tokenizer.end_of_text

    torch.manual_seed(a.seed)
    config = Config(vocab_size=len(tokenizer.tokens))
    model = DemoModel(config).to(device)
    matrices = [q for n, q in model.named_parameters() if q.dim() == 2 and "embed" not in n]
    rest = [q for n, q in model.named_parameters() if q.dim() == 1 or "embed" in n]
    optimizers = [
        Muon(matrices, lr=a.rate, weight_decay=0.05),
        torch.optim.AdamW(rest, lr=a.rate / 5, betas=(0.9, 0.97), eps=1e-8, weight_decay=0.01),
    ]
    peaks = [group["lr"] for o in optimizers for group in o.param_groups]
    state = {"step": 0, "seconds": 0.0, "tokens": 0, "shard": 0, "best": float("inf")}
    last = a.work / "last.pt"
    if last.exists():
        saved = torch.load(last, map_location=device)
        model.load_state_dict(saved["model"])
        for o, kept in zip(optimizers, saved["optimizers"]):
            o.load_state_dict(kept)
        state.update(saved["state"])
        print(f"going on at step {state['step']}", flush=True)
    print(f"{sum(q.numel() for q in model.parameters())} parameters on {device}", flush=True)
    exchange, others = None, []
    if a.workers > 1:
        exchange = Exchange(a.work / "exchange.bin", a.workers, a.rank, model.parameters())
        if a.rank == 0:
            again = [sys.executable, *sys.argv, "--rank"]
            others = [subprocess.Popen([*again, str(r)], start_new_session=True) for r in range(1, a.workers)]
    first = a.rank == 0
    held = held_out(tokenizer, 240) if first else None

    def save(name):
        file = a.work / name
        torch.save(
            {
                "model": model.state_dict(),
                "optimizers": [o.state_dict() for o in optimizers],
                "state": state,
                "config": config.__dict__,
            },
            f"{file}.part",
        )
        os.replace(f"{file}.part", file)

    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    log = open(a.work / "log.tsv", "a")
    recent, recent_n, evaluated, mark = 0.0, 0.0, time.time(), time.time()
    progress = 0.0
    while progress < 1.0:
        source = f"{a.seed}/{state['shard']}" + (f"/{a.rank}" if a.rank else "")
        rng = random.Random(source)
        shard = batches(tokenizer, Writer(seed=source), SHARD, rng)
        state["shard"] += 1
        for group in shard:
            now = time.time()
            state["seconds"] += min(now - mark, 30.0)  # a paused process does not use up its budget
            mark = now
            progress = state["step"] / a.steps if a.steps else state["seconds"] / (60 * a.minutes)
            if not first:
                progress = exchange.first()
            if stopping:
                if first:
                    save("last.pt")
                    for o in others:
                        o.terminate()
                return
            if progress >= 1.0:
                break
            lr = rate(progress) * min(1.0, (state["step"] + 1) / 60)
            for g, peak in zip((g for o in optimizers for g in o.param_groups), peaks):
                g["lr"] = lr * peak
            ids, weights = tensors(group, pad, device)
            with torch.autocast(device, dtype=torch.bfloat16):
                total, weight, _, _ = model.loss(ids, weights)
            (total / weight).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for o in optimizers:
                o.step()
                o.zero_grad(set_to_none=True)
            recent, recent_n = recent + float(total.detach()), recent_n + float(weight)
            state["step"] += 1
            state["tokens"] += ids.numel()
            if exchange:
                exchange.publish(progress)
                if state["step"] % 10 == 0:
                    exchange.mix()
            if not first:
                continue
            if state["step"] % 25 == 0:
                print(
                    f"step {state['step']} {state['seconds'] / 60:.1f} min {state['tokens'] / 1e6:.2f} M tokens loss {recent / recent_n:.4f} rate {lr:.3f}",
                    flush=True,
                )
                if state["step"] % 500 == 0 or time.time() - evaluated > 240:
                    loss = held_loss(model, held, pad, device)
                    evaluated = time.time()
                    log.write(
                        f"{state['step']}\t{state['tokens']}\t{state['seconds'] / 60:.2f}\t{recent / recent_n:.4f}\t{loss:.4f}\n"
                    )
                    log.flush()
                    print(f"    held-out loss {loss:.4f}", flush=True)
                    better, state["best"] = loss < state["best"], min(loss, state["best"])
                    save("last.pt")
                    if better:
                        save("best.pt")
                recent = recent_n = 0.0
    if not first:
        return
    if exchange:
        exchange.publish(1.0)
    loss = held_loss(model, held, pad, device)
    log.write(f"{state['step']}\t{state['tokens']}\t{state['seconds'] / 60:.2f}\t\t{loss:.4f}\n")
    state["best"], better = min(loss, state["best"]), loss < state["best"]
    save("last.pt")
    if better:
        save("best.pt")
    print(f"done: {state['step']} steps, {state['tokens']} tokens, held-out loss {loss:.4f}", flush=True)


if __name__ == "__main__":
    main()
