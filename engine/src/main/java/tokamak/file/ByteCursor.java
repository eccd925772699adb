package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

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
    /** The bytes from {@code windowStart} on: while code is interpreted, buffers are read many times faster than segments. */
    private ByteBuffer window = ByteBuffer.allocate(0);

    private long windowStart;

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
        int at = advanceInWindow(1);
        return window.get(at);
    }

    short readShort() throws ModelFormatException {
        int at = advanceInWindow(Short.BYTES);
        return window.getShort(at);
    }

    int readInt() throws ModelFormatException {
        int at = advanceInWindow(Integer.BYTES);
        return window.getInt(at);
    }

    long readLong() throws ModelFormatException {
        int at = advanceInWindow(Long.BYTES);
        return window.getLong(at);
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
        int at = advanceInWindow(length);
        byte[] copy = new byte[length];
        window.get(at, copy);
        return copy;
    }

    /** As {@link #advance}; the result is a place in the window. */
    private int advanceInWindow(int byteSize) throws ModelFormatException {
        long at = advance(byteSize);
        if (at < windowStart || at + byteSize > windowStart + window.capacity()) {
            windowStart = at;
            window = bytes.asSlice(at, Math.min(bytes.byteSize() - at, Integer.MAX_VALUE))
                    .asByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        return (int) (at - windowStart);
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
