package tokamak.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes to text as they come: an unfinished character waits; what cannot be UTF-8 becomes U+FFFD, once per longest prefix of a character (as Unicode recommends). */
final class Utf8Stream {
    private byte[] held = {};

    /** The text that is certain now. */
    String push(byte[] more) {
        byte[] all = held.length == 0 ? more : join(held, more);
        int keep = unfinished(all);
        held = keep == 0 ? new byte[0] : Arrays.copyOfRange(all, all.length - keep, all.length);
        // Java's decoder replaces one maximal subpart at a time, as Unicode recommends.
        return new String(all, 0, all.length - keep, StandardCharsets.UTF_8);
    }

    /** The rest: an unfinished character is U+FFFD now. */
    String flush() {
        String rest = new String(held, StandardCharsets.UTF_8);
        held = new byte[0];
        return rest;
    }

    static boolean isValid(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static byte[] join(byte[] a, byte[] b) {
        byte[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    /** How many bytes at the end are the beginning of a character that may still become whole. */
    private static int unfinished(byte[] bytes) {
        for (int k = 1; k <= Math.min(3, bytes.length); k++) {
            int b = bytes[bytes.length - k] & 0xFF;
            if (b < 0x80) {
                return 0;
            }
            if (b >= 0xC0) {
                return isBeginning(bytes, bytes.length - k, k) ? k : 0;
            }
        }
        return 0;
    }

    private static boolean isBeginning(byte[] bytes, int at, int length) {
        int lead = bytes[at] & 0xFF;
        int needed = lead >= 0xC2 && lead <= 0xDF
                ? 2
                : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
        if (length >= needed) {
            return false;
        }
        if (length == 1) {
            return true;
        }
        int second = bytes[at + 1] & 0xFF;
        return switch (lead) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second <= 0x9F;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second <= 0x8F;
            default -> true;
        };
    }
}
