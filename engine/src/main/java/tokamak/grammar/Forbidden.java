package tokamak.grammar;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Texts that may not stand where others may. Taken away only where they could be: a difference is dear to follow. */
final class Forbidden {
    private final RegexPool pool;
    private final List<Texts> texts;
    private final Map<Regex, ByteSet> known = new IdentityHashMap<>();

    /** @param needed each of them has one of these bytes */
    record Texts(Regex regex, ByteSet needed) {}

    Forbidden(RegexPool pool, List<Texts> texts) {
        this.pool = pool;
        this.texts = List.copyOf(texts);
    }

    /** What is left of {@code regex}. */
    Regex removedFrom(Regex regex) {
        Regex left = regex;
        for (Texts each : texts) {
            if (!bytesOf(regex).and(each.needed).equals(ByteSet.NONE)) {
                left = pool.and(left, pool.not(each.regex));
            }
        }
        return left;
    }

    /** All bytes that a text may have, or more. */
    private ByteSet bytesOf(Regex regex) {
        ByteSet bytes = known.get(regex);
        if (bytes == null) {
            bytes = computeBytes(regex);
            known.put(regex, bytes);
        }
        return bytes;
    }

    private ByteSet computeBytes(Regex regex) {
        return switch (regex.kind) {
            case NOTHING, EMPTY -> ByteSet.NONE;
            case BYTES -> regex.bytes;
            case LITERAL -> {
                ByteSet bytes = ByteSet.NONE;
                for (int i = regex.min; i < regex.text.length; i++) {
                    bytes = bytes.or(ByteSet.of(regex.text[i] & 0xff));
                }
                yield bytes;
            }
            case NOT, MULTIPLE -> ByteSet.ALL;
            case AND -> {
                ByteSet bytes = ByteSet.ALL;
                for (Regex part : regex.parts) {
                    bytes = bytes.and(bytesOf(part));
                }
                yield bytes;
            }
            case CONCAT, OR, REPEAT, UNIVERSE -> {
                ByteSet bytes = ByteSet.NONE;
                for (Regex part : regex.parts) {
                    bytes = bytes.or(bytesOf(part));
                }
                yield bytes;
            }
        };
    }
}
