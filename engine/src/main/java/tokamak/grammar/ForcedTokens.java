package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Where a guide leaves just one text for a while, that text is spelled as the tokenizer spells it, so that the model need not be
 * asked. A token is forced if it is the first of that spelling, and if no token that may be meant instead reaches from within
 * it into what is open again: then the spelling does not depend on what follows. This follows from the guide and the text so far
 * alone, so it is the same whoever asks and when. (llguidance's fast-forward tokens are the same idea.)
 */
final class ForcedTokens {
    static final int NONE = -1;

    /** Bytes looked ahead. Whoever stands further along sees further. */
    private static final int MAX_AHEAD = 128;

    /** Where so many lexemes are open nobody looks: it would take long, and they seldom agree. */
    private static final int MAX_LEXEMES = 64;

    private final TokenTable table;
    private final TokenTrie trie;
    private final Function<String, int[]> spelling;

    /** @param spelling the tokens of a text in the middle of others; where their bytes are not the text's, nothing is forced */
    ForcedTokens(TokenTable table, TokenTrie trie, Function<String, int[]> spelling) {
        this.table = table;
        this.trie = trie;
        this.spelling = spelling;
    }

    /** The token that must follow a set, NONE if there is a choice. */
    int find(StateGraph graph, State from) {
        byte[] ahead = new byte[MAX_AHEAD];
        List<State> path = new ArrayList<>();
        path.add(from);
        State state = from;
        while (path.size() <= MAX_AHEAD) {
            int only = onlyByte(state);
            State next = only < 0 ? State.DEAD : graph.stepByte(state, only);
            if (next == State.DEAD) {
                break;
            }
            ahead[path.size() - 1] = (byte) only;
            path.add(next);
            state = next;
        }
        return token(graph, ahead, path);
    }

    private static int onlyByte(State state) {
        if (state.accepting) {
            return FirstByte.MANY;
        }
        int only = onlyByte(state.beginning);
        for (int i = 0; i < state.runs.length && only != FirstByte.MANY; i++) {
            only = FirstByte.either(only, onlyByte(state.runs[i].lexemes()));
        }
        return only;
    }

    private static int onlyByte(LexState lexemes) {
        if (lexemes.remaining.length > MAX_LEXEMES) {
            return FirstByte.MANY;
        }
        int only = FirstByte.NONE;
        for (int i = 0; i < lexemes.remaining.length && only != FirstByte.MANY; i++) {
            only = FirstByte.either(only, FirstByte.of(lexemes.remaining[i]));
        }
        return only;
    }

    /** @param path the sets after 0, 1, 2 ... bytes */
    private int token(StateGraph graph, byte[] ahead, List<State> path) {
        int length = path.size() - 1;
        if (length >= SpecialTokens.LENGTH && (ahead[0] & 0xff) >= SpecialTokens.FIRST_NO_TEXT) {
            return SpecialTokens.id(ahead);
        }
        int end = endOfText(ahead, length);
        if (end == 0) {
            return NONE;
        }
        int first = firstToken(ahead, end);
        if (first == NONE) {
            return NONE;
        }
        for (int i = 0; i < table.length(first); i++) {
            if (trie.hasLonger(graph, ahead, i, end, path.get(end))) {
                return NONE;
            }
        }
        return first;
    }

    /** The first token of the tokenizer's spelling, NONE if that is not the text's. */
    private int firstToken(byte[] bytes, int length) {
        String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
        int[] ids = spelling.apply(text);
        if (table.spells(ids, 0, bytes, length)) {
            return ids[0];
        }
        // Some tokenizers put a space before what they are given: then the line break gets it.
        int[] afterBreak = spelling.apply("\n" + text);
        for (int i = 1; i < Math.min(afterBreak.length, 4); i++) {
            if (table.spells(afterBreak, i, bytes, length)) {
                return afterBreak[i];
            }
        }
        return NONE;
    }

    /** Where the last whole character of a text ends that goes on with other bytes. */
    private static int endOfText(byte[] bytes, int length) {
        int end = 0;
        while (end < length) {
            int value = bytes[end] & 0xff;
            Utf8Lead lead = value < 0x80 ? null : Utf8Lead.of(value);
            int next = end + 1 + (lead == null ? 0 : lead.numFollowing);
            if (value >= 0x80 && lead == null || next > length) {
                return end;
            }
            end = next;
        }
        return end;
    }
}
