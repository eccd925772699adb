package tokamak.text;

import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Finds added tokens in a text: leftmost first, of those the longest. */
final class AddedTokens {
    private final AddedToken[] tokens;
    private final CharTrie trie;

    private AddedTokens(AddedToken[] tokens, CharTrie trie) {
        this.tokens = tokens;
        this.trie = trie;
    }

    /** Of equal contents the last one counts; empty ones are never found. */
    static AddedTokens of(List<AddedToken> tokens, UnaryOperator<String> spelling) {
        TreeMap<String, AddedToken> byContent = new TreeMap<>();
        for (AddedToken token : tokens) {
            String content = spelling.apply(token.content());
            if (!content.isEmpty()) {
                byContent.put(content, token);
            }
        }
        String[] sorted = byContent.keySet().toArray(String[]::new);
        int[] values = new int[sorted.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return new AddedTokens(byContent.values().toArray(AddedToken[]::new), new CharTrie(sorted, values));
    }

    boolean isEmpty() {
        return tokens.length == 0;
    }

    /** What a text consists of, from left to right. */
    interface Parts {
        void text(int from, int to);

        void token(AddedToken token);
    }

    /** Where special tokens may be recognised. */
    @FunctionalInterface
    interface Guard {
        boolean allows(int from, int to);
    }

    void split(String text, int from, int to, Guard guard, Parts parts) {
        int done = from;
        int at = from;
        while (at < to && tokens.length > 0) {
            int found = -1;
            int end = at;
            int node = trie.child(0, text.charAt(at));
            for (int k = at + 1; node != 0; k++) {
                if (trie.value(node) >= 0) {
                    found = trie.value(node);
                    end = k;
                }
                node = k < to ? trie.child(node, text.charAt(k)) : 0;
            }
            if (found < 0) {
                at++;
                continue;
            }
            AddedToken token = tokens[found];
            if (accepts(token, text, at, end, from, to, guard)) {
                int start = token.leftStrip() ? Math.max(done, spacesBefore(text, from, at)) : at;
                int stop = token.rightStrip() ? spacesAfter(text, end, to) : end;
                if (done < start) {
                    parts.text(done, start);
                }
                parts.token(token);
                done = stop;
            }
            at = end;
        }
        if (done < to) {
            parts.text(done, to);
        }
    }

    private static boolean accepts(AddedToken token, String text, int at, int end, int from, int to, Guard guard) {
        if (token.special() && !guard.allows(at, end)) {
            return false;
        }
        boolean touched = at > from && CharClass.isWord(text.codePointBefore(at))
                || end < to && CharClass.isWord(text.codePointAt(end));
        return !token.singleWord() || !touched;
    }

    private static int spacesBefore(String text, int from, int at) {
        int start = at;
        while (start > from && CharClass.isWhiteSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int spacesAfter(String text, int end, int to) {
        int stop = end;
        while (stop < to && CharClass.isWhiteSpace(text.charAt(stop))) {
            stop++;
        }
        return stop;
    }
}
