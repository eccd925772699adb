"""Byte-level BPE: training, encoding, decoding, and the Hugging Face form.

The merges are learned in two rounds. First letters with letters and punctuation with punctuation; a word's pieces are
then the same whether a space, a quote or an underscore stands before it, which makes copying a name from a question
into a JSON string the copying of equal tokens. Last, so with the lowest priority, a space joins the frequent first pieces
of lower-case words. The result is an ordinary list of merges that any byte-level BPE reads.
"""

import collections
import json
import sys

import regex

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
ADDED = SPECIAL + TAGS
PATTERN = (  # Qwen2's pre-tokenizer
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
VOCAB_SIZE = 2304
SPACE_MERGES = 700


def byte_alphabet():
    """GPT-2's printable stand-in for every byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {}, 0
    for b in range(256):
        if b in plain:
            table[b] = chr(b)
        else:
            table[b] = chr(256 + extra)
            extra += 1
    return table


BYTE_TO_CHAR = byte_alphabet()
CHAR_TO_BYTE = {c: b for b, c in BYTE_TO_CHAR.items()}


def as_chars(text):
    return "".join(BYTE_TO_CHAR[b] for b in text.encode("utf-8"))


def apply_merges(word, ranks):
    parts = list(word)
    while len(parts) > 1:
        best, at = None, None
        for i in range(len(parts) - 1):
            rank = ranks.get((parts[i], parts[i + 1]))
            if rank is not None and (best is None or rank < best):
                best, at = rank, i
        if best is None:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


class Tokenizer:
    def __init__(self, merges):
        self.merges = merges
        self.ranks = {pair: i for i, pair in enumerate(merges)}
        self.tokens = [BYTE_TO_CHAR[b] for b in sorted(range(256), key=lambda b: BYTE_TO_CHAR[b])]
        self.tokens += [a + b for a, b in merges] + ADDED
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        assert len(self.ids) == len(self.tokens)
        self._words = {}
        self._pattern = regex.compile(PATTERN)
        self._added = regex.compile("(" + "|".join(regex.escape(t) for t in ADDED) + ")")
        self.end_of_text, self.im_start, self.im_end = (self.ids[t] for t in SPECIAL)

    def encode(self, text):
        out = []
        for i, chunk in enumerate(self._added.split(text)):
            if i % 2:
                out.append(self.ids[chunk])
            else:
                for word in self._pattern.findall(chunk):
                    ids = self._words.get(word)
                    if ids is None:
                        ids = self._words[word] = [self.ids[p] for p in apply_merges(as_chars(word), self.ranks)]
                    out += ids
        return out

    def decode(self, ids):
        out = bytearray()
        for i in ids:
            token = self.tokens[i]
            out += token.encode() if token in ADDED else bytes(CHAR_TO_BYTE[c] for c in token)
        return out.decode("utf-8", "replace")

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump(self.hugging_face(), f, ensure_ascii=False, indent=0)

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as f:
            return Tokenizer([tuple(m.split(" ")) for m in json.load(f)["model"]["merges"]])

    def hugging_face(self):
        added = [
            {
                "id": self.ids[t],
                "content": t,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": t in SPECIAL,
            }
            for t in ADDED
        ]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
            "post_processor": byte_level,
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {t: i for t, i in self.ids.items() if t not in ADDED},
                "merges": [f"{a} {b}" for a, b in self.merges],
            },
        }


def learn(texts, vocab_size=VOCAB_SIZE, space_merges=SPACE_MERGES):
    """Merges from an iterable of texts."""
    pattern, added = regex.compile(PATTERN), regex.compile("|".join(regex.escape(t) for t in ADDED))
    letters = regex.compile(r"\p{L}+$")
    counts, spaced = collections.Counter(), collections.Counter()
    for text in texts:
        for chunk in added.split(text):
            for word in pattern.findall(chunk):
                m = letters.search(word)
                if m and m.start() > 0:
                    if word[0] == " " and word[1].islower():
                        spaced[as_chars(word[1:])] += 1
                    elif word[0] != " ":
                        counts[as_chars(word[: m.start()])] += 1
                    word = m.group()
                counts[as_chars(word)] += 1
    merges = learn_merges(counts, vocab_size - 256 - len(ADDED) - space_merges)
    ranks = {pair: i for i, pair in enumerate(merges)}
    firsts = collections.Counter()
    for word, n in spaced.items():
        firsts[apply_merges(word, ranks)[0]] += n
    space = BYTE_TO_CHAR[32]
    return merges + [(space, first) for first, _ in firsts.most_common(space_merges)]


def learn_merges(counts, how_many):
    words = [(list(w), n) for w, n in sorted(counts.items()) if n > 1]
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, (parts, n) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += n
            where[pair].add(i)
    merges = []
    while len(merges) < how_many:
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        for i in where.pop(best):
            parts, n = words[i]
            for pair in zip(parts, parts[1:]):
                pairs[pair] -= n
            new, j = [], 0
            while j < len(parts):
                if j + 1 < len(parts) and (parts[j], parts[j + 1]) == best:
                    new.append(parts[j] + parts[j + 1])
                    j += 2
                else:
                    new.append(parts[j])
                    j += 1
            parts[:] = new
            for pair in zip(new, new[1:]):
                pairs[pair] += n
                where[pair].add(i)
        del pairs[best]
    return merges


def main():
    import render
    from dialogues import Writer

    writer = Writer(seed=1, invent=0.9)
    texts = ["".join(t for t, _ in render.pieces(writer.dialogue())) for _ in range(20000)]
    tokenizer = Tokenizer(learn(texts))
    tokenizer.save(sys.argv[1])
    sample = texts[:500]
    tokens = sum(len(tokenizer.encode(t)) for t in sample)
    print(f"{len(tokenizer.tokens)} tokens, {sum(map(len, sample)) / tokens:.2f} characters per token")


if __name__ == "__main__":
    main()
