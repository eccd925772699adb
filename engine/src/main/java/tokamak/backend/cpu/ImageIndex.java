package tokamak.backend.cpu;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tokamak.backend.cpu.x64.PackedMatrix;

/**
 * Where the matrices lie in a file of packed weights, little-endian:
 *
 * <pre>
 * head    magic, index offset, index bytes, CRC-32C of the index, CRC-32C of the head before it
 * data    each matrix at a multiple of 4096
 * index   per matrix: fingerprint, offset, bytes, CRC-32C of every MiB
 * </pre>
 */
record ImageIndex(Map<Fingerprint, Entry> entries) {
    static final ImageIndex EMPTY = new ImageIndex(Map.of());

    /** Bytes per checksum: small enough to be in a cache still when they are summed. */
    static final int CHUNK = 1 << 20;

    static final int ALIGNMENT = 4096;
    private static final long MAGIC = 0x314B4341504B4F54L; // "TOKPACK1"
    private static final int HEAD_BYTES = 32;
    private static final int MAX_INDEX_BYTES = 256 << 20;

    /** A packed matrix and what it was made of. */
    record Matrix(Fingerprint fingerprint, PackedMatrix matrix) {}

    /** @param checksums one per chunk */
    record Entry(long offset, long bytes, int[] checksums) {
        int numChunks() {
            return checksums.length;
        }
    }

    @Nullable
    Entry find(Fingerprint fingerprint) {
        return entries.get(fingerprint);
    }

    static int numChunks(long bytes) {
        return Math.toIntExact((bytes + CHUNK - 1) / CHUNK);
    }

    /** The bytes under one checksum. */
    static MemorySegment chunk(MemorySegment data, int chunk) {
        long from = (long) chunk * CHUNK;
        return data.asSlice(from, Math.min(CHUNK, data.byteSize() - from));
    }

    static long align(long offset) {
        return (offset + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Bytes of a file of these matrices. */
    static long fileBytes(List<Matrix> matrices) {
        long bytes = ALIGNMENT + indexBytes(matrices);
        for (Matrix each : matrices) {
            bytes += align(each.matrix().bytes());
        }
        return bytes;
    }

    private static long indexBytes(List<Matrix> matrices) {
        long bytes = Integer.BYTES;
        for (Matrix each : matrices) {
            bytes += Fingerprint.BYTES
                    + 2 * Long.BYTES
                    + (long) Integer.BYTES * numChunks(each.matrix().bytes());
        }
        return bytes;
    }

    /** @throws IOException if the file is not whole */
    static ImageIndex read(FileChannel channel) throws IOException {
        ByteBuffer head = read(channel, 0, HEAD_BYTES);
        int headSum = sum(head.slice(0, HEAD_BYTES - Integer.BYTES));
        if (head.getLong() != MAGIC || headSum != head.getInt(HEAD_BYTES - Integer.BYTES)) {
            throw new IOException("it begins with something else than expected");
        }
        long offset = head.getLong();
        long bytes = head.getLong();
        if (offset < ALIGNMENT
                || bytes < Integer.BYTES
                || bytes > MAX_INDEX_BYTES
                || offset + bytes != channel.size()) {
            throw new IOException("expected " + (offset + bytes) + " bytes, found " + channel.size());
        }
        ByteBuffer index = read(channel, offset, (int) bytes);
        if (sum(index.duplicate()) != head.getInt()) {
            throw new IOException("the checksum of its index does not fit");
        }
        return new ImageIndex(entries(index, offset));
    }

    private static Map<Fingerprint, Entry> entries(ByteBuffer index, long end) throws IOException {
        Map<Fingerprint, Entry> entries = new HashMap<>();
        for (int left = index.getInt(); left > 0; left--) {
            if (index.remaining() < Fingerprint.BYTES + 2 * Long.BYTES) {
                throw new IOException("its index ends early");
            }
            byte[] hash = new byte[Fingerprint.BYTES];
            index.get(hash);
            long offset = index.getLong();
            long bytes = index.getLong();
            boolean inside = offset >= ALIGNMENT && bytes > 0 && offset <= end && bytes <= end - offset;
            if (!inside || numChunks(bytes) > index.remaining() / Integer.BYTES) {
                throw new IOException("its index points outside");
            }
            int[] checksums = new int[numChunks(bytes)];
            for (int i = 0; i < checksums.length; i++) {
                checksums[i] = index.getInt();
            }
            entries.put(new Fingerprint(hash), new Entry(offset, bytes, checksums));
        }
        return entries;
    }

    /** Writes the index at the end of the data and then the head. */
    static void write(FileChannel channel, long offset, List<Matrix> matrices, List<Entry> entries) throws IOException {
        ByteBuffer index = buffer(Math.toIntExact(indexBytes(matrices)));
        index.putInt(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            index.put(matrices.get(i).fingerprint().hash());
            index.putLong(entry.offset()).putLong(entry.bytes());
            for (int checksum : entry.checksums()) {
                index.putInt(checksum);
            }
        }
        index.flip();
        ByteBuffer head = buffer(HEAD_BYTES);
        head.putLong(MAGIC).putLong(offset).putLong(index.remaining()).putInt(sum(index.duplicate()));
        head.putInt(sum(head.slice(0, HEAD_BYTES - Integer.BYTES)));
        writeFully(channel, index, offset);
        writeFully(channel, head.flip(), 0);
    }

    static int sum(ByteBuffer bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return (int) sum.getValue();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = buffer(bytes);
        readFully(channel, buffer, position);
        return buffer.flip();
    }

    private static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw new EOFException("it ends at byte " + at);
            }
            at += count;
        }
    }

    static void writeFully(FileChannel channel, ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += channel.write(source, at);
        }
    }
}
