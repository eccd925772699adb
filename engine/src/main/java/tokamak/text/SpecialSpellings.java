package tokamak.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How a model's special tokens are written, to find them in texts of strangers. Immutable; threads may share it. */
public final class SpecialSpellings {
    private final Map<String, Integer> spellings = new HashMap<>();
    private final Set<Character> firsts = new HashSet<>();
    private final int[] lengths;

    private SpecialSpellings(Vocabulary vocabulary) {
        TreeSet<Integer> found = new TreeSet<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            String piece = vocabulary.isSpecial(id) ? vocabulary.piece(id) : "";
            if (!piece.isEmpty()) {
                spellings.put(piece, id);
                firsts.add(piece.charAt(0));
                found.add(piece.length());
            }
        }
        lengths = found.descendingSet().stream().mapToInt(Integer::intValue).toArray();
    }

    public static SpecialSpellings of(Vocabulary vocabulary) {
        return new SpecialSpellings(vocabulary);
    }

    /** The text with another first character for every special token in it: nothing special is left, and it is as long. */
    String mask(String text, char mask) {
        StringBuilder masked = null;
        for (int at = 0; at < text.length(); at++) {
            int length = firsts.contains(text.charAt(at)) ? lengthAt(text, at) : 0;
            if (length > 0) {
                masked = masked == null ? new StringBuilder(text) : masked;
                masked.setCharAt(at, mask);
            }
        }
        return masked == null ? text : masked.toString();
    }

    /** The special tokens that occur in these texts. */
    public Set<Integer> idsIn(Set<String> texts) {
        Set<Integer> ids = new HashSet<>();
        for (String text : texts) {
            for (int at = 0; at < text.length(); at++) {
                int length = lengthAt(text, at);
                if (length > 0) {
                    ids.add(spellings.get(text.substring(at, at + length)));
                }
            }
        }
        return ids;
    }

    private int lengthAt(String text, int at) {
        for (int length : lengths) {
            if (at + length <= text.length() && spellings.containsKey(text.substring(at, at + length))) {
                return length;
            }
        }
        return 0;
    }

    /** The same for all strings in maps and lists. */
    @Nullable
    Object maskAll(@Nullable Object value, char mask) {
        return switch (value) {
            case String text -> mask(text, mask);
            case Map<?, ?> map -> {
                Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
                map.forEach((key, item) -> copy.put(String.valueOf(maskAll(key, mask)), maskAll(item, mask)));
                yield copy;
            }
            case List<?> list -> {
                List<@Nullable Object> copy = new ArrayList<>();
                list.forEach(item -> copy.add(maskAll(item, mask)));
                yield copy;
            }
            case null, default -> value;
        };
    }
}
