package tokamak.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a file of a header and pieces of known sizes. Until it is whole it has the suffix {@code .part}; when writing is
 * begun again with the same header, it goes on after the last piece but one of such a file.
 */
final class PartFile {
    private static final int COPY_BYTES = 1 << 20;

    /** Writes a piece's bytes. */
    interface Content {
        void write(int piece, WritableByteChannel out) throws IOException;
    }

    private final byte[] header;
    private final List<Long> sizes;
    private final int alignment;

    /**
     * @param header a multiple of the alignment
     * @param sizes of the pieces, each of which begins at a multiple of the alignment
     */
    PartFile(byte[] header, List<Long> sizes, int alignment) {
        this.header = header;
        this.sizes = sizes;
        this.alignment = alignment;
    }

    long padded(long position) {
        return (position + alignment - 1) / alignment * alignment;
    }

    /** Writes everything; replaces what is at {@code target} when all is written. */
    void write(Path target, Content content) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try (FileChannel out =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            int done = numTrusted(out);
            long position = header.length;
            if (done == 0) {
                out.truncate(0);
                writeFully(out, ByteBuffer.wrap(header));
            }
            for (int i = 0; i < sizes.size(); i++) {
                long size = sizes.get(i);
                if (i >= done) {
                    out.truncate(position);
                    out.position(position);
                    content.write(i, out);
                    if (out.position() != position + size) {
                        throw new IllegalStateException("piece " + i + ": " + size + " bytes expected, "
                                + (out.position() - position) + " written");
                    }
                    writeFully(out, ByteBuffer.allocate((int) (padded(out.position()) - out.position())));
                    out.force(false);
                }
                position = padded(position + size);
            }
            out.force(true);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Pieces of an unfinished file that need not be written again: all that are there but the last. */
    private int numTrusted(FileChannel part) throws IOException {
        if (part.size() < header.length) {
            return 0;
        }
        ByteBuffer found = ByteBuffer.allocate(header.length);
        while (found.hasRemaining() && part.read(found, found.position()) > 0) {}
        if (!Arrays.equals(found.array(), header)) {
            return 0;
        }
        int whole = 0;
        long position = header.length;
        for (long size : sizes) {
            position = padded(position + size);
            if (position > part.size()) {
                break;
            }
            whole++;
        }
        return Math.max(0, whole - 1);
    }

    /** Copies a segment of any length. */
    static void writeFully(WritableByteChannel out, MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += COPY_BYTES) {
            writeFully(
                    out,
                    bytes.asSlice(at, Math.min(COPY_BYTES, bytes.byteSize() - at))
                            .asByteBuffer());
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }
}
