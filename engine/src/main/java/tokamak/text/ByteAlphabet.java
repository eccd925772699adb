package tokamak.text;

/** GPT-2's spelling of bytes as printable characters: 256 characters below U+0180, a bijection. */
final class ByteAlphabet {
    private static final char[] CHARS = new char[256];
    private static final short[] BYTES = new short[0x180];

    static {
        java.util.Arrays.fill(BYTES, (short) -1);
        int extra = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARS[b] = (char) (printable ? b : extra++);
            BYTES[CHARS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    static char charOf(int b) {
        return CHARS[b & 0xFF];
    }

    /** The byte a character stands for, or -1. */
    static int byteOf(char c) {
        return c < BYTES.length ? BYTES[c] : -1;
    }

    /** The UTF-8 bytes of a part of a text, each as its character. */
    static String spell(String text, int from, int to) {
        byte[] bytes = text.substring(from, to).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        char[] chars = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            chars[i] = charOf(bytes[i]);
        }
        return new String(chars);
    }
}
