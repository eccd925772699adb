package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Plain UTF-8. */
record Utf8Alphabet(RegexPool pool) implements Alphabet {
    @Override
    public Regex oneOf(CodePoints characters) {
        List<Regex> alternatives = new ArrayList<>();
        for (int[] range : characters.toList()) {
            split(range[0], range[1], alternatives);
        }
        return pool.or(alternatives);
    }

    @Override
    public Regex text(String text) {
        return pool.literal(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Cuts a range where the length of the encoding changes, and where a leading byte does not go with all that follow. */
    private void split(int low, int high, List<Regex> alternatives) {
        int[] lastOfLength = {0x7f, 0x7ff, 0xffff, 0x10ffff};
        int from = low;
        for (int length = 1; length <= 4 && from <= high; length++) {
            int to = Math.min(high, lastOfLength[length - 1]);
            if (from <= to) {
                alternatives.add(sequence(from, to, length - 1));
                from = to + 1;
            }
        }
    }

    /** Code points of one length, of which {@code numFollowing} six-bit groups are still to come after the first byte. */
    private Regex sequence(int low, int high, int numFollowing) {
        return tail(low, high, numFollowing, numFollowing);
    }

    private Regex tail(int low, int high, int remaining, int numFollowing) {
        int shift = 6 * remaining;
        int first = low >> shift;
        int last = high >> shift;
        if (remaining == 0) {
            return pool.bytes(ByteSet.range(byteOf(first, 0, numFollowing), byteOf(last, 0, numFollowing)));
        }
        int mask = (1 << shift) - 1;
        List<Regex> alternatives = new ArrayList<>();
        int fullFrom = first;
        int fullTo = last;
        if (first == last) {
            return pool.concat(
                    lead(first, first, remaining, numFollowing),
                    tail(low & mask, high & mask, remaining - 1, numFollowing));
        }
        if ((low & mask) != 0) {
            alternatives.add(pool.concat(
                    lead(first, first, remaining, numFollowing), tail(low & mask, mask, remaining - 1, numFollowing)));
            fullFrom++;
        }
        if ((high & mask) != mask) {
            alternatives.add(pool.concat(
                    lead(last, last, remaining, numFollowing), tail(0, high & mask, remaining - 1, numFollowing)));
            fullTo--;
        }
        if (fullFrom <= fullTo) {
            alternatives.add(pool.concat(
                    lead(fullFrom, fullTo, remaining, numFollowing), tail(0, mask, remaining - 1, numFollowing)));
        }
        return pool.or(alternatives);
    }

    private Regex lead(int low, int high, int remaining, int numFollowing) {
        return pool.bytes(ByteSet.range(byteOf(low, remaining, numFollowing), byteOf(high, remaining, numFollowing)));
    }

    private static int byteOf(int bits, int remaining, int numFollowing) {
        if (remaining < numFollowing) {
            return 0x80 | bits;
        }
        return switch (numFollowing) {
            case 0 -> bits;
            case 1 -> 0xc0 | bits;
            case 2 -> 0xe0 | bits;
            default -> 0xf0 | bits;
        };
    }
}
