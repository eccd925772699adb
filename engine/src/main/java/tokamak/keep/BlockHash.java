package tokamak.keep;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The hash of a block and of all before it in its chain: 32 bytes as four numbers. */
record BlockHash(long a, long b, long c, long d) {
    static final int BYTES = 32;
    private static final HexFormat HEX = HexFormat.of();

    static BlockHash at(long[] hashes, int index) {
        return new BlockHash(hashes[index], hashes[index + 1], hashes[index + 2], hashes[index + 3]);
    }

    /** Reads what {@link #hex} wrote; null if it is something else. */
    static @Nullable BlockHash parse(String hex) {
        if (hex.length() != 2 * BYTES) {
            return null;
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(HEX.parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
            return new BlockHash(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
        } catch (IllegalArgumentException noHex) {
            return null;
        }
    }

    String hex() {
        return HEX.formatHex(
                write(ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN)).array());
    }

    ByteBuffer write(ByteBuffer target) {
        return target.putLong(a).putLong(b).putLong(c).putLong(d);
    }
}
