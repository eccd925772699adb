package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tokamak.tensor.LittleEndian;

/**
 * Reads a little-endian file front to back. Every read is checked against what is left and, if that is too little, fails
 * with the file, the offset and the thing that was being read.
 */
final class ByteCursor {
    private final Path file;
    private final MemorySegment bytes;
    private final String atEnd;
    private long position;
    private String reading = "the header";

    /** @param atEnd what to say to somebody who has too few bytes */
    ByteCursor(Path file, MemorySegment bytes, String atEnd) {
        this.file = file;
        this.bytes = bytes;
        this.atEnd = atEnd;
    }

    /** What the next reads belong to; for messages. */
    void reading(String what) {
        reading = what;
    }

    long position() {
        return position;
    }

    long remaining() {
        return bytes.byteSize() - position;
    }

    byte readByte() throws ModelFormatException {
        return bytes.get(ValueLayout.JAVA_BYTE, advance(1));
    }

    short readShort() throws ModelFormatException {
        return bytes.get(LittleEndian.SHORT, advance(Short.BYTES));
    }

    int readInt() throws ModelFormatException {
        return bytes.get(LittleEndian.INT, advance(Integer.BYTES));
    }

    long readLong() throws ModelFormatException {
        return bytes.get(LittleEndian.LONG, advance(Long.BYTES));
    }

    /**
     * A number of things that follow, each at least {@code minBytes} long: whatever claims more than the rest of the file
     * can hold is refused before anybody allocates for it.
     */
    int readCount(String things, int minBytes, int max) throws ModelFormatException {
        long count = readLong();
        long fits = remaining() / minBytes;
        if (count < 0 || count > fits) {
            throw broken("at most " + fits + " " + things + " in the " + remaining() + " bytes left", found(count));
        }
        if (count > max) {
            throw broken("at most " + max + " " + things, found(count));
        }
        return (int) count;
    }

    /** A length and so many bytes of UTF-8; malformed bytes become replacement characters. */
    String readString(int maxBytes) throws ModelFormatException {
        int length = readCount("bytes of text", 1, maxBytes);
        return new String(readBytes(length), StandardCharsets.UTF_8);
    }

    /** UTF-8 up to the next line feed, which is read but not returned. */
    String readLine(int maxBytes) throws ModelFormatException {
        long end = position;
        while (end < bytes.byteSize() && end - position <= maxBytes && bytes.get(ValueLayout.JAVA_BYTE, end) != '\n') {
            end++;
        }
        if (end == bytes.byteSize()) {
            throw broken("a line and its end", "none; " + atEnd);
        }
        if (end - position > maxBytes) {
            throw broken("a line of at most " + maxBytes + " bytes", "a longer one");
        }
        String line = new String(readBytes((int) (end - position)), StandardCharsets.UTF_8);
        advance(1);
        return line;
    }

    /** The next {@code count} elements as a view. */
    MemorySegment view(long byteSize) throws ModelFormatException {
        return bytes.asSlice(advance(byteSize), byteSize);
    }

    /** What was read from an earlier position on. */
    MemorySegment since(long earlier) {
        return bytes.asSlice(earlier, position - earlier);
    }

    byte[] readBytes(int length) throws ModelFormatException {
        return view(length).toArray(ValueLayout.JAVA_BYTE);
    }

    private long advance(long byteSize) throws ModelFormatException {
        if (byteSize < 0 || byteSize > remaining()) {
            throw broken(byteSize + " more bytes", remaining() + "; " + atEnd);
        }
        long at = position;
        position += byteSize;
        return at;
    }

    /** A complaint about what was read just before {@link #position()}. */
    ModelFormatException broken(String expected, String found) {
        return new ModelFormatException(
                file + ": " + reading + ", before offset " + position + ": expected " + expected + ", found " + found);
    }

    private static String found(long unsigned) {
        return Long.toUnsignedString(unsigned);
    }
}
