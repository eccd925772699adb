package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import tokamak.text.Vocabulary;

/** Every byte, some longer pieces that begin and end in the middle of characters, and special tokens. */
public final class FakeVocabulary implements Vocabulary {
    static final List<String> SPECIALS = List.of("<eos>", "<tool>", "</tool>", "<|channel|>", "<end>");
    static final List<String> WORDS = List.of(
            "the",
            " the",
            "\"a\":",
            "{\"",
            "\":",
            "\", \"",
            "true",
            "tru",
            "fal",
            "false",
            "null",
            "  ",
            "\n\n",
            "12",
            "0.5",
            "], [",
            "ab",
            "aab",
            "ba",
            "é",
            "日本",
            "語",
            "🙂",
            "</",
            "</s",
            "<s>x",
            "think>",
            "</think>",
            "x\"}",
            "}}",
            "-1",
            "call",
            "(",
            ")",
            "()",
            "+ ",
            "aaaa",
            "abababab",
            "foo",
            "foobar",
            "bar baz",
            "Hello, world");

    private final List<byte[]> tokens = new ArrayList<>();

    public FakeVocabulary(long seed) {
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        for (String word : WORDS) {
            tokens.add(word.getBytes(StandardCharsets.UTF_8));
        }
        SplittableRandom random = new SplittableRandom(seed);
        byte[] all = String.join("", WORDS).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 300; i++) {
            int start = random.nextInt(all.length - 8);
            tokens.add(Arrays.copyOfRange(all, start, start + 1 + random.nextInt(8)));
        }
        tokens.add(new byte[0]); // an id that is not in use
    }

    @Override
    public int size() {
        return tokens.size() + SPECIALS.size();
    }

    @Override
    public String piece(int id) {
        return isSpecial(id)
                ? SPECIALS.get(id - tokens.size())
                : new String(tokens.get(id), StandardCharsets.ISO_8859_1);
    }

    @Override
    public OptionalInt idOf(String piece) {
        for (int id = 0; id < size(); id++) {
            if (piece(id).equals(piece)) {
                return OptionalInt.of(id);
            }
        }
        return OptionalInt.empty();
    }

    @Override
    public byte[] bytes(int id) {
        return isSpecial(id) ? new byte[0] : tokens.get(id);
    }

    @Override
    public boolean isSpecial(int id) {
        return id >= tokens.size();
    }

    /** Spells a text by taking the longest token that it goes on with, the first of equal ones. */
    public int[] longestTokens(String text) {
        byte[] all = text.getBytes(StandardCharsets.UTF_8);
        List<Integer> ids = new ArrayList<>();
        for (int at = 0; at < all.length; at += tokens.get(ids.getLast()).length) {
            int best = -1;
            for (int id = 0; id < tokens.size(); id++) {
                byte[] token = tokens.get(id);
                if (token.length > (best < 0 ? 0 : tokens.get(best).length)
                        && at + token.length <= all.length
                        && Arrays.equals(token, 0, token.length, all, at, at + token.length)) {
                    best = id;
                }
            }
            ids.add(best);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    public int special(String name) {
        return tokens.size() + SPECIALS.indexOf(name);
    }
}
