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

    /** The next {@code count} elements as a view. */
    MemorySegment view(long byteSize) throws ModelFormatException {
        return bytes.asSlice(advance(byteSize), byteSize);
    }

    private byte[] readBytes(int length) throws ModelFormatException {
        return view(length).toArray(ValueLayout.JAVA_BYTE);
    }

    private long advance(long byteSize) throws ModelFormatException {
        if (byteSize > remaining()) {
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
