package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Plain UTF-8. */
record Utf8Alphabet(RegexPool pool) implements Alphabet {
    private static final int[] FIRST_OF_LENGTH = {0, 0x80, 0x800, 0x10000, 0x110000};

    @Override
    public Regex oneOf(CodePoints characters) {
        List<Regex> alternatives = new ArrayList<>();
        for (int length = 1; length <= 4; length++) {
            int low = FIRST_OF_LENGTH[length - 1];
            int high = FIRST_OF_LENGTH[length] - 1;
            List<int[]> ranges = characters.and(CodePoints.range(low, high)).toList();
            alternatives.add(length == 1 ? ascii(ranges) : tree(length).of(ranges));
        }
        return pool.or(alternatives);
    }

    @Override
    public Regex text(String text) {
        return pool.literal(text.getBytes(StandardCharsets.UTF_8));
    }

    private Regex ascii(List<int[]> ranges) {
        ByteSet bytes = ByteSet.NONE;
        for (int[] range : ranges) {
            bytes = bytes.or(ByteSet.range(range[0], range[1]));
        }
        return pool.bytes(bytes);
    }

    /** Six bits in each byte, fewer in the first, which says how many follow. */
    private DigitTree tree(int length) {
        int[] bits = new int[length];
        for (int place = 0; place < length; place++) {
            bits[place] = place == length - 1 ? 7 - length : 6;
        }
        int lead = 0xf00 >> length & 0xff;
        return new DigitTree(pool, bits, (place, digits) -> {
            int base = place == length - 1 ? lead : 0x80;
            ByteSet bytes = ByteSet.NONE;
            for (int digit = 0; digit < 64; digit++) {
                if ((digits >>> digit & 1) != 0) {
                    bytes = bytes.or(ByteSet.of(base | digit));
                }
            }
            return pool.bytes(bytes);
        });
    }
}
