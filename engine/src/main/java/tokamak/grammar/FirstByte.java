package tokamak.grammar;

/**
 * The only byte that the texts of an expression can begin with, found without making derivatives. It may be {@link #MANY} where
 * an intersection or a complement leaves just one, never the other way round.
 */
final class FirstByte {
    /** No text has a first byte: there is none, or it is empty. */
    static final int NONE = -1;

    static final int MANY = -2;

    private FirstByte() {}

    /** What it is for a union. */
    static int either(int a, int b) {
        if (a == NONE || a == b) {
            return b;
        }
        return b == NONE ? a : MANY;
    }

    /** @return the byte, {@link #NONE} or {@link #MANY} */
    static int of(Regex regex) {
        Integer known = regex.firstByte;
        if (known == null) {
            known = find(regex);
            regex.firstByte = known;
        }
        return known;
    }

    private static int find(Regex regex) {
        return switch (regex.kind) {
            case NOTHING, EMPTY -> NONE;
            case BYTES -> regex.bytes.only();
            case LITERAL -> regex.text[regex.min] & 0xff;
            case CONCAT -> ofChain(regex);
            case OR -> ofAny(regex.parts);
            case AND -> ofAll(regex.parts);
            case NOT, MULTIPLE -> MANY;
            case REPEAT, UNIVERSE -> of(regex.parts[0]);
        };
    }

    private static int ofChain(Regex chain) {
        int first = NONE;
        Regex rest = chain;
        for (; rest.kind == Regex.Kind.CONCAT; rest = rest.parts[1]) {
            first = either(first, of(rest.parts[0]));
            if (first == MANY || !rest.parts[0].nullable) {
                return first;
            }
        }
        return either(first, of(rest));
    }

    private static int ofAny(Regex[] parts) {
        int first = NONE;
        for (int i = 0; i < parts.length && first != MANY; i++) {
            first = either(first, of(parts[i]));
        }
        return first;
    }

    private static int ofAll(Regex[] parts) {
        for (Regex part : parts) {
            int first = of(part);
            if (first != MANY) {
                return first;
            }
        }
        return MANY;
    }
}
