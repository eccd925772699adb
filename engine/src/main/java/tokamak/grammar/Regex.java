package tokamak.grammar;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression over bytes. Made by a {@link RegexPool} only, which returns the same object for equal expressions; so
 * parts are compared by identity.
 */
final class Regex {
    static final int UNBOUNDED = -1;
    private static final Regex[] NO_PARTS = {};
    private static final byte[] NO_TEXT = {};

    enum Kind {
        /** No text at all. */
        NOTHING,
        /** The empty text. */
        EMPTY,
        /** One byte out of {@link #bytes}. */
        BYTES,
        /** {@link #text} from {@code min} on: at least two bytes. */
        LITERAL,
        /** {@code parts[0]}, then {@code parts[1]}; the first is never itself a concatenation. */
        CONCAT,
        OR,
        AND,
        NOT,
        /** {@code parts[0]}, {@code min} to {@code max} times. */
        REPEAT,
        /**
         * {@code parts[0]} any number of times, where the author promises that everything it stands beside in an OR or AND
         * is a part of it, or the beginning of one: it absorbs those.
         */
        UNIVERSE,
        /** Digits, maybe with a fraction, that make a multiple of a number. */
        MULTIPLE
    }

    final int id;
    final Kind kind;
    final ByteSet bytes;
    final Regex[] parts;
    final int min;
    final int max;
    final @Nullable Multiple multiple;
    final byte[] text;
    private final int hash;

    /** Whether the empty text matches. */
    final boolean nullable;

    /** Whether it may match no text at all without being NOTHING; only a search can tell. */
    final boolean mayBeVoid;

    /** Whether it may match what is not in its universe, because it says only what is excluded. */
    final boolean isNegative;

    /** How deep the calls go that make its derivative. */
    final int depth;

    /** Its derivatives by byte class, as far as they are known. */
    Regex @Nullable [] derivatives;

    /** What a search found. */
    @Nullable
    Boolean isVoid;

    /** See {@link FirstByte}, once it has been asked for. */
    @Nullable
    Integer firstByte;

    private Regex(
            int id,
            Kind kind,
            ByteSet bytes,
            Regex[] parts,
            int min,
            int max,
            @Nullable Multiple multiple,
            byte[] text) {
        this.id = id;
        this.text = text;
        this.kind = kind;
        this.bytes = bytes;
        this.parts = parts;
        this.min = min;
        this.max = max;
        this.multiple = multiple;
        this.nullable = computeNullable();
        this.mayBeVoid = computeMayBeVoid();
        this.isNegative = computeNegative();
        this.depth = computeDepth();
        this.hash = computeHash();
    }

    static Regex constant(int id, Kind kind) {
        return new Regex(id, kind, ByteSet.NONE, NO_PARTS, 0, 0, null, NO_TEXT);
    }

    static Regex bytes(int id, ByteSet set) {
        return new Regex(id, Kind.BYTES, set, NO_PARTS, 0, 0, null, NO_TEXT);
    }

    /** Literals are equal if they are the same part of the same array. */
    static Regex literal(int id, byte[] text, int offset) {
        return new Regex(id, Kind.LITERAL, ByteSet.NONE, NO_PARTS, offset, 0, null, text);
    }

    static Regex compound(int id, Kind kind, Regex... parts) {
        return new Regex(id, kind, ByteSet.NONE, parts, 0, 0, null, NO_TEXT);
    }

    static Regex repeat(int id, Regex part, int min, int max) {
        return new Regex(id, Kind.REPEAT, ByteSet.NONE, new Regex[] {part}, min, max, null, NO_TEXT);
    }

    static Regex multiple(int id, Multiple multiple) {
        return new Regex(id, Kind.MULTIPLE, ByteSet.NONE, NO_PARTS, 0, 0, multiple, NO_TEXT);
    }

    private boolean computeNullable() {
        return switch (kind) {
            case NOTHING, BYTES, LITERAL -> false;
            case EMPTY, UNIVERSE -> true;
            case CONCAT, AND -> Arrays.stream(parts).allMatch(part -> part.nullable);
            case OR -> Arrays.stream(parts).anyMatch(part -> part.nullable);
            case NOT -> !parts[0].nullable;
            case REPEAT -> min == 0 || parts[0].nullable;
            case MULTIPLE -> multiple != null && multiple.isComplete();
        };
    }

    private boolean computeMayBeVoid() {
        return switch (kind) {
            case NOTHING, EMPTY, BYTES, LITERAL -> false;
            case AND, NOT, MULTIPLE -> true;
            case CONCAT, OR, REPEAT, UNIVERSE -> Arrays.stream(parts).anyMatch(part -> part.mayBeVoid);
        };
    }

    private boolean computeNegative() {
        return switch (kind) {
            case NOTHING, EMPTY, BYTES, LITERAL, MULTIPLE -> false;
            case NOT -> true;
            case AND -> Arrays.stream(parts).allMatch(part -> part.isNegative);
            case CONCAT, OR, REPEAT, UNIVERSE -> Arrays.stream(parts).anyMatch(part -> part.isNegative);
        };
    }

    private int computeDepth() {
        return switch (kind) {
            case NOTHING, EMPTY, BYTES, LITERAL, MULTIPLE -> 0;
            case CONCAT -> Math.max(parts[0].depth + 1, parts[0].nullable ? parts[1].depth : 0);
            case OR, AND, NOT, REPEAT, UNIVERSE -> {
                int deepest = 0;
                for (Regex part : parts) {
                    deepest = Math.max(deepest, part.depth);
                }
                yield deepest + 1;
            }
        };
    }

    private int computeHash() {
        int h = kind.ordinal() * 31 + min * 17 + max;
        h = h * 31 + bytes.hashCode();
        h = h * 31 + System.identityHashCode(text);
        h = h * 31 + (multiple == null ? 0 : multiple.hashCode());
        for (Regex part : parts) {
            h = h * 31 + part.id;
        }
        return h;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        if (this == object) {
            return true;
        }
        if (!(object instanceof Regex other)
                || hash != other.hash
                || kind != other.kind
                || min != other.min
                || max != other.max
                || text != other.text
                || parts.length != other.parts.length
                || !bytes.equals(other.bytes)
                || (multiple == null ? other.multiple != null : !multiple.equals(other.multiple))) {
            return false;
        }
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] != other.parts[i]) {
                return false;
            }
        }
        return true;
    }
}
