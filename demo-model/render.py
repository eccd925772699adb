"""A dialogue as the text of the chat template, cut into pieces that know how much the loss cares about them."""

import json
import pathlib

TEMPLATE = pathlib.Path(__file__).with_name("chat_template.jinja").read_text()
ANSWER, CONTEXT, NOTHING = 1.0, 0.05, 0.0
CALL_LIKE_THIS = '</tools>\nCall a tool like this:\n<tool_call>\n{"name": "...", "arguments": {...}}\n</tool_call>'


def line(value):
    return json.dumps(value, ensure_ascii=False)


def declaration(tool):
    """get_weather(city:string,unit?:celsius|fahrenheit) What it does"""
    f = tool["function"]
    schema = f["parameters"]
    required = schema.get("required")
    listed = ",".join(
        name
        + ("" if not required or name in required else "?")
        + ":"
        + ("|".join(spec["enum"]) if "enum" in spec else spec["type"])
        for name, spec in schema["properties"].items()
    )
    return f"{f['name']}({listed})" + (f" {f['description']}" if f.get("description") else "")


def call_text(call):
    return f'<tool_call>\n{{"name": "{call["name"]}", "arguments": {line(call["arguments"])}}}\n</tool_call>'


def pieces(dialogue):
    """(text, weight) pairs. The same text as the template gives, much faster; test_demo.py holds them together."""
    if dialogue["kind"] == "text":
        return [(dialogue["text"], ANSWER), ("<|endoftext|>", ANSWER)]
    messages, tools = dialogue["messages"], dialogue["tools"]
    out = []
    system = messages[0]["content"] if messages[0]["role"] == "system" else None
    if tools:
        head = f"{system}\n\n" if system else ""
        declared = "".join(declaration(t) + "\n" for t in tools)
        out.append((f"<|im_start|>system\n{head}# Tools\n<tools>\n{declared}{CALL_LIKE_THIS}<|im_end|>\n", NOTHING))
    elif system:
        out.append((f"<|im_start|>system\n{system}<|im_end|>\n", NOTHING))
    for i, m in enumerate(messages):
        role = m["role"]
        if role == "user":
            out += [("<|im_start|>user\n", NOTHING), (m["content"], CONTEXT), ("<|im_end|>\n", NOTHING)]
        elif role == "tool":
            first = messages[i - 1]["role"] != "tool"
            last = i == len(messages) - 1 or messages[i + 1]["role"] != "tool"
            text = f"\n<tool_response>\n{m['content']}\n</tool_response>"
            out.append((("<|im_start|>user" if first else "") + text + ("<|im_end|>\n" if last else ""), NOTHING))
        elif role == "assistant":
            thought = m.get("reasoning")
            out.append(("<|im_start|>assistant\n", NOTHING))
            if thought:
                out.append((f"<think>\n{thought}\n</think>\n\n", ANSWER))
            else:
                out.append(("<think>\n\n</think>\n\n", NOTHING))
            text = m["content"]
            calls = [call_text(c) for c in m.get("calls", [])]
            out.append(("\n".join(([text] if text else []) + calls) + "<|im_end|>", ANSWER))
            out.append(("\n", NOTHING))
    return out


def for_template(dialogue, upto=None):
    """Messages in the form a chat template expects; upto: only the first so many."""
    out = []
    for m in dialogue["messages"][:upto]:
        message = {"role": m["role"], "content": m["content"]}
        if m.get("reasoning"):
            message["reasoning_content"] = m["reasoning"]
        if m.get("calls"):
            message["tool_calls"] = [{"type": "function", "function": c} for c in m["calls"]]
        out.append(message)
    return out


def prompt(dialogue, upto, thinking=False):
    """The text before the assistant's message number `upto`, ready for it."""
    before = dict(dialogue, messages=dialogue["messages"][:upto])
    text = "".join(t for t, _ in pieces(before)) + "<|im_start|>assistant\n"
    return text if thinking else text + "<think>\n\n</think>\n\n"
