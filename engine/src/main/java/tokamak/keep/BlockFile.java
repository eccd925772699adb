package tokamak.keep;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * One block in one file: magic, the model's identity, the block's hash, the number of bytes, a CRC-32C of all that and of the
 * bytes, then the bytes. A file that is not exactly that is no block. Belongs to one thread, which may reuse it.
 */
final class BlockFile {
    private static final long MAGIC = 0x314B4C424B4D4B54L; // TKMKBLK1
    private static final int IDENTITY_BYTES = 32;
    private static final int CHECKSUM_AT = Long.BYTES + IDENTITY_BYTES + BlockHash.BYTES + Long.BYTES;
    private static final int HEADER_BYTES = 128;

    private final byte[] identity;
    private final ByteBuffer file; // [HEADER_BYTES + block]
    private final MemorySegment block;

    /** @param identity SHA-256 of what the bytes of a block depend on besides its tokens */
    BlockFile(byte[] identity, int blockBytes) {
        if (identity.length != IDENTITY_BYTES) {
            throw new IllegalArgumentException("identity of " + identity.length + " bytes");
        }
        this.identity = identity.clone();
        this.file = ByteBuffer.allocateDirect(HEADER_BYTES + blockBytes).order(ByteOrder.LITTLE_ENDIAN);
        this.block = MemorySegment.ofBuffer(file).asSlice(HEADER_BYTES);
    }

    /** The block's bytes: what was read, or what is to be written. */
    MemorySegment block() {
        return block;
    }

    long bytes() {
        return file.capacity();
    }

    /** Reads a block; false, with {@link #block} in any state, unless the file holds this block unharmed. */
    boolean read(Path path, BlockHash hash) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() != file.capacity()) {
                return false;
            }
            file.clear();
            while (file.hasRemaining()) {
                if (channel.read(file) < 0) {
                    return false;
                }
            }
        }
        ByteBuffer header = header(hash);
        return file.slice(0, HEADER_BYTES).equals(header);
    }

    /** Writes {@link #block} under a name that nobody else uses, then renames: others see a whole file or none. */
    void write(Path path, BlockHash hash) throws IOException {
        file.put(0, header(hash), 0, HEADER_BYTES);
        Path unfinished = path.resolveSibling(path.getFileName() + "." + UUID.randomUUID() + KeepFolder.UNFINISHED);
        try {
            try (FileChannel channel =
                    FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                file.clear();
                while (file.hasRemaining()) {
                    channel.write(file);
                }
            }
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** The header that belongs to the bytes of the block as they are now. */
    private ByteBuffer header(BlockHash hash) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        hash.write(header.putLong(MAGIC).put(identity)).putLong(block.byteSize());
        CRC32C checksum = new CRC32C();
        checksum.update(header.duplicate().flip());
        checksum.update(file.slice(HEADER_BYTES, file.capacity() - HEADER_BYTES));
        return header.putInt(CHECKSUM_AT, (int) checksum.getValue()).clear();
    }
}
