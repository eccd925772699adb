"""Grades the model on dialogues whose phrasings, names, sums and tools were held out of training.

    python3 evaluate.py --work DIR                     the checkpoint in PyTorch, weights rounded to Q8_0 as in the GGUF
    python3 evaluate.py --tokamak ../tokamak --model ../models/tokamak-demo.gguf       Tokamak, one process per prompt
    python3 evaluate.py --url http://127.0.0.1:8000    a running server (Tokamak's or any other with /v1/completions)

All answers are greedy and nothing constrains them: JSON validity is the model's own. --report FILE.json keeps every
prompt with its answer.
"""

import argparse
import collections
import json
import math
import pathlib
import subprocess
import urllib.request

import facts
import render
import tools
import words
from dialogues import Writer

STOP = "<|im_end|>"


class Task:
    """group: row of the table; chat: messages (and tools) before the answer; grade(answer) -> {metric: bool}."""

    def __init__(self, group, chat, grade, expected, thinking=False):
        self.group, self.chat, self.grade, self.expected, self.thinking = group, chat, grade, expected, thinking

    def prompt(self):
        return render.prompt(self.chat, len(self.chat["messages"]), self.thinking)

    def as_json(self):
        return {
            "group": self.group,
            "messages": render.for_template(self.chat),
            "tools": self.chat["tools"] or [],
            "expected": self.expected,
        }


def parsed(text):
    try:
        return True, json.loads(text)
    except ValueError:
        return False, None


def tool_calls(text):
    """The calls in an answer, or None where one is not JSON."""
    out = []
    for part in text.split("<tool_call>")[1:]:
        ok, call = parsed(part.split("</tool_call>")[0])
        if not ok or not isinstance(call, dict):
            return None
        out.append(call)
    return out


def grade_calls(expected):
    def grade(text):
        calls = tool_calls(text)
        names = calls is not None and [c.get("name") for c in calls] == [c["name"] for c in expected]
        return {"valid JSON": bool(calls), "tool name": names, "name and arguments": calls == expected}

    return grade


def equals(*accepted):
    return lambda text: {"right": text.strip() in accepted}


def before(dialogue, number):
    """The chat before its message of that number."""
    return {"kind": "chat", "tools": dialogue["tools"], "messages": dialogue["messages"][:number]}


def single(question):
    return {"kind": "chat", "tools": None, "messages": [{"role": "user", "content": question}]}


def facts_tasks(w, table, group, count):
    for _ in range(count):
        questions, answers = w.rng.choice([row for row in table if len(row[0]) > 3])
        yield Task(group, single(w.typed(w.of(questions))), equals(*answers), answers[0])


def tool_tasks(w, count):
    made = 0
    while made < count:
        d = tools.dialogue(w)
        if not d["check"] or d["thinking"]:
            continue
        at, calls = d["check"]["at"], d["check"]["calls"]
        asked = next(t for t in d["tools"] if t["function"]["name"] == calls[0]["name"])
        kind = tools.purpose(asked)
        group = {"weather": "tool: weather", "calcul": "tool: calculator", "search": "tool: search"}.get(
            kind, "tool: other"
        )
        if calls[0]["name"].replace("-", "_").split("_")[0] in ("add", "multiply", "subtract") and kind not in (
            "order",
            "calendar",
            "task",
        ):
            group = "tool: calculator"
        yield Task(group, before(d, at), grade_calls(calls), calls)
        if (
            at + 1 < len(d["messages"])
            and d["messages"][-1]["role"] == "assistant"
            and d["messages"][-2]["role"] == "tool"
        ):
            last = len(d["messages"]) - 1
            if at == last - 1 - len(calls):
                answer = d["messages"][-1]["content"]
                yield Task("answer from a tool's result", before(d, last), equals(answer), answer)
        made += 1


GROUPS = {
    "colours": words.COLOURS,
    "animals": words.ANIMALS,
    "foods": words.FOODS,
    "drinks": words.DRINKS,
    "jobs": words.JOBS,
}


def chosen_freely(question, value):
    """The list a question lets the model choose from, as in 'three colours as a JSON array', or None."""
    free = isinstance(value, list) and any(n in question for n in ("two", "three", "four"))
    return next((g for name, g in GROUPS.items() if free and name in question), None)


def json_tasks(w, count):
    for _ in range(count):
        question, answer, _ = w.json_turn()
        value = json.loads(answer)

        def grade(text, value=value, free=chosen_freely(question, value)):
            ok, got = parsed(text.strip())
            same_kind = ok and type(got) is type(value)
            right = got == value
            if free and same_kind:
                right = len(got) == len(value) == len(set(map(str, got))) and all(x in free for x in got)
            keys = same_kind and (not isinstance(value, dict) or set(got) == set(value))
            return {"valid JSON": ok, "keys": keys, "all values": right}

        yield Task("JSON", single(question), grade, value)


def thinking_tasks(w, count):
    for _ in range(count):
        question, answer, _ = w.arithmetic()

        def grade(text, answer=answer):
            thought, closed, rest = text.partition("</think>")
            return {
                "thinks": text.startswith("<think>") and bool(closed) and len(thought) > 12,
                "right": rest.strip() == answer,
            }

        yield Task("thinking about sums", single(question), grade, answer, thinking=True)


def all_tasks(scale):
    n = lambda count: max(1, round(count * scale))
    w = Writer(seed=4242, held=True)
    out = [
        *tool_tasks(w, n(300)),
        *json_tasks(w, n(150)),
        *facts_tasks(w, facts.TOKAMAK, "facts: Tokamak", n(100)),
        *facts_tasks(w, facts.CONCEPTS, "facts: inference", n(60)),
        *facts_tasks(w, facts.SMALLTALK, "small talk", n(60)),
    ]
    for _ in range(n(160)):
        turn = w.arithmetic()
        left, _, right = turn[1].split(" = ")[0].split(" ")
        group = "sums: up to ten, learned" if min(int(left), int(right)) <= 10 or "×" in turn[1] else "sums: never seen"
        out.append(Task(group, single(turn[0]), equals(turn[1]), turn[1]))
    for group, make, count in (("everyday facts", everyday(w), 80), ("repeat a text", w.repeat, 60)):
        for _ in range(n(count)):
            turn = make()
            out.append(Task(group, single(turn[0]), equals(turn[1]), turn[1]))
    for _ in range(n(80)):
        turn = w.unknown()
        out.append(
            Task("says it does not know", single(turn[0]), lambda text: {"right": text.strip() in w.refusals}, turn[1])
        )
    for _ in range(n(60)):
        tell, ask = w.remember()
        d = w.chat([tell + ("",), ask], "remember", thinking=False)
        out.append(Task("remembers the chat", before(d, len(d["messages"]) - 1), equals(ask[1]), ask[1]))
    out += thinking_tasks(w, n(60))
    return out


def everyday(w):
    def make():
        while True:
            turn = w.small_fact()
            if "wants" not in (turn[2] or "") or "capital" in turn[1]:  # lists have many right answers
                return turn

    return make


# --- who answers


def torch_model(work, checkpoint, quantised):
    import torch

    import gguf
    from model import Config, DemoModel
    from tokenizer import Tokenizer

    torch.set_num_threads(1)
    saved = torch.load(work / checkpoint, map_location="cpu")
    model = DemoModel(Config(**saved["config"]))
    weights = saved["model"]
    if quantised:
        weights = {
            n: torch.from_numpy(gguf.from_q8_0(gguf.q8_0(t.numpy()), tuple(t.shape))) if t.dim() == 2 else t
            for n, t in weights.items()
        }
    model.load_state_dict(weights)
    return model.eval(), Tokenizer.load(work / "tokenizer.json"), saved["state"]


def answer_torch(model, tokenizer):
    stop = {tokenizer.im_end, tokenizer.end_of_text}
    return lambda prompt: tokenizer.decode(model.generate(tokenizer.encode(prompt), 200, stop))


def answer_tokamak(launcher, model):
    def answer(prompt):
        command = [
            launcher,
            "generate",
            model,
            "--prompt",
            prompt,
            "--max-tokens",
            "200",
            "--temperature",
            "0",
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:3])} failed: {done.stderr.strip()}")
        return json.loads(done.stdout)["text"].split(STOP)[0]

    return answer


def answer_url(url):
    with urllib.request.urlopen(url + "/v1/models") as reply:
        name = json.load(reply)["data"][0]["id"]

    def answer(prompt):
        body = {"model": name, "prompt": prompt, "max_tokens": 200, "temperature": 0}
        request = urllib.request.Request(
            url + "/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)["choices"][0]["text"].split(STOP)[0]

    return answer


def perplexities(model, tokenizer, count):
    """Of the answers of held-out dialogues, per kind: {kind: (loss per token, tokens)}."""
    import torch

    import train

    writer = Writer(seed=31337, held=True)
    sums = collections.defaultdict(lambda: [0.0, 0.0])
    for _ in range(count):
        d = writer.dialogue()
        ids, weights = train.encode(tokenizer, d)
        weights = [1.0 if w == render.ANSWER else 0.0 for w in weights]
        with torch.no_grad():
            s, n, _, _ = model.loss(torch.tensor([ids]), torch.tensor([weights]))
        for kind in (d["kind"], "all"):
            sums[kind][0] += float(s)
            sums[kind][1] += float(n)
    return {k: (s / n, int(n)) for k, (s, n) in sorted(sums.items())}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--work", type=pathlib.Path)
    p.add_argument("--checkpoint", default="best.pt")
    p.add_argument("--full-precision", action="store_true", help="don't round the weights to Q8_0 first")
    p.add_argument("--tokamak")
    p.add_argument("--model")
    p.add_argument("--url")
    p.add_argument("--scale", type=float, default=1.0, help="share of the tasks to run")
    p.add_argument("--report", type=pathlib.Path)
    p.add_argument("--write-tasks", type=pathlib.Path, help="the tasks as JSON, for a test of the engine")
    a = p.parse_args()
    if a.write_tasks:
        chosen = [t for t in all_tasks(a.scale) if t.group.startswith(("tool:", "JSON", "facts:"))]
        lines = ",\n".join(json.dumps(t.as_json(), ensure_ascii=False) for t in chosen)
        a.write_tasks.write_text(f"[\n{lines}\n]\n")
        return
    if a.url:
        answer = answer_url(a.url.rstrip("/"))
    elif a.tokamak:
        answer = answer_tokamak(a.tokamak, a.model)
    else:
        model, tokenizer, state = torch_model(a.work, a.checkpoint, not a.full_precision)
        print(f"checkpoint of step {state['step']}, {state['tokens'] / 1e6:.1f} M tokens")
        for kind, (loss, n) in perplexities(model, tokenizer, max(1, round(600 * a.scale))).items():
            print(f"| held-out {kind} | loss {loss:.3f} | perplexity {math.exp(loss):.3f} | {n} tokens |")
        answer = answer_torch(model, tokenizer)

    table, kept = collections.OrderedDict(), []
    for task in all_tasks(a.scale):
        text = answer(task.prompt())
        marks = task.grade(text)
        kept.append({"group": task.group, "prompt": task.prompt(), "expected": task.expected, "answer": text, **marks})
        groups = [task.group] + (["tool: all"] if task.group.startswith("tool:") else [])
        for g in groups:
            for metric, good in marks.items():
                table.setdefault((g, metric), []).append(bool(good))
    print("| held-out | metric | right | of | share |\n|---|---|--:|--:|--:|")
    for (group, metric), marks in sorted(table.items()):
        print(f"| {group} | {metric} | {sum(marks)} | {len(marks)} | {100 * sum(marks) / len(marks):.1f} % |")
    if a.report:
        a.report.write_text(json.dumps(kept, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
