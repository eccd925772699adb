"""Fast checks of the recipe that need no trained model and no torch: python3 -m unittest test_demo"""

import json
import unittest


from jinja2.sandbox import ImmutableSandboxedEnvironment

import render
from dialogues import Writer, held_sum, part
from tokenizer import ADDED, Tokenizer, learn


def environment():
    """Jinja as Hugging Face's transformers sets it up."""
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    env.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    return env


TEMPLATE = environment().from_string(render.TEMPLATE)


def dialogues(count, seed=3, held=False):
    writer = Writer(seed, held)
    return [writer.dialogue() for _ in range(count)]


class GeneratorTest(unittest.TestCase):
    def test_the_same_seed_writes_the_same_dialogues(self):
        self.assertEqual(dialogues(50), dialogues(50))
        self.assertNotEqual(dialogues(50), dialogues(50, seed=4))

    def test_training_and_evaluation_share_no_phrasing(self):
        options = [f"phrasing {i}" for i in range(40)]
        train, held = part(options, False), part(options, True)
        self.assertTrue(train and held)
        self.assertFalse(set(train) & set(held))
        self.assertEqual(set(options), set(train) | set(held))

    def test_held_out_sums_are_never_trained(self):
        kept = {False: set(), True: set()}
        for held in kept:
            writer = Writer(5, held)
            for _ in range(2000):
                a, sign, b = writer.arithmetic()[1].split(" = ")[0].split(" ")
                if sign != "×" and held_sum(int(a), sign, int(b)):
                    kept[held].add((a, sign, b))
        self.assertFalse(kept[False])
        self.assertGreater(len(kept[True]), 100)

    def test_json_answers_are_json_and_arguments_come_from_the_conversation(self):
        for d in dialogues(2000):
            if d["kind"] == "json":
                json.loads(d["messages"][-1]["content"])
            for i, m in enumerate(d.get("messages", [])):
                for call in m.get("calls", []):
                    declared = {t["function"]["name"]: t["function"]["parameters"]["properties"] for t in d["tools"]}
                    self.assertLessEqual(set(call["arguments"]), set(declared[call["name"]]))


class RenderTest(unittest.TestCase):
    def test_the_fast_rendering_equals_the_template(self):
        for d in dialogues(600):
            if d["kind"] == "text":
                continue
            expected = TEMPLATE.render(messages=render.for_template(d), tools=d["tools"])
            self.assertEqual(expected, "".join(t for t, _ in render.pieces(d)))

    def test_a_prompt_is_the_template_with_a_generation_prompt(self):
        for d in dialogues(200):
            if d["kind"] == "text":
                continue
            last = len(d["messages"]) - 1
            for thinking in (False, True):
                expected = TEMPLATE.render(
                    messages=render.for_template(d, last),
                    tools=d["tools"],
                    add_generation_prompt=True,
                    enable_thinking=thinking,
                )
                self.assertEqual(expected, render.prompt(d, last, thinking))

    def test_thinking_inside_the_content_is_recognised(self):
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nb\n</think>\n\nc"}]
        self.assertIn("<|im_start|>assistant\n<think>\nb\n</think>\n\nc<|im_end|>", TEMPLATE.render(messages=messages))


class TokenizerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        texts = ["".join(t for t, _ in render.pieces(d)) for d in dialogues(800)]
        cls.texts = texts
        cls.tokenizer = Tokenizer(learn(texts, vocab_size=700, space_merges=100))

    def test_decoding_gives_the_text_back(self):
        for text in self.texts[:200] + ["", "naïve café — 東京 🎉\n\n  x\t1.5", "".join(ADDED)]:
            self.assertEqual(text, self.tokenizer.decode(self.tokenizer.encode(text)))

    def test_pieces_encode_to_the_same_ids_as_the_whole(self):
        for d in dialogues(300, seed=8):
            parts = [t for t, _ in render.pieces(d)]
            together = self.tokenizer.encode("".join(parts))
            self.assertEqual(together, [i for t in parts for i in self.tokenizer.encode(t)])

    def test_a_name_has_the_same_tokens_after_a_space_and_after_a_quote(self):
        for name in ("Salzburg", "Kraichmel", "Paris"):
            after_space = self.tokenizer.encode(" " + name)
            self.assertEqual(after_space[1:], self.tokenizer.encode('"' + name)[1:])
            self.assertEqual(1 + len(self.tokenizer.encode(name)), len(after_space))

    def test_training_is_repeatable(self):
        self.assertEqual(self.tokenizer.merges, learn(self.texts, vocab_size=700, space_merges=100))


if __name__ == "__main__":
    unittest.main()
