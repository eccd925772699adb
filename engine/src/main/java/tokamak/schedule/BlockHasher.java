package tokamak.schedule;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The hash chain of the prefix cache: {@code h_i = SHA-256(h_(i-1), tokens of block i)}, so that a hash stands for a block
 * and everything before it. The chain's root is the hash of a salt. A hash is four longs. Belongs to one thread.
 */
final class BlockHasher {
    /** Longs per hash. */
    static final int WORDS = 4;

    private static final int HASH_BYTES = WORDS * Long.BYTES;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final MessageDigest digest;
    private final int blockSize;
    private final byte[] buffer;

    BlockHasher(int blockSize) {
        this.blockSize = blockSize;
        this.buffer = new byte[HASH_BYTES + blockSize * Integer.BYTES];
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** The hash before block 0. */
    long[] root(String salt) {
        byte[] hash = digest.digest(("tokamak kv block chain 1\n" + salt).getBytes(StandardCharsets.UTF_8));
        long[] root = new long[WORDS];
        for (int i = 0; i < WORDS; i++) {
            root[i] = (long) LONG.get(hash, i * Long.BYTES);
        }
        return root;
    }

    /**
     * Hashes the full block {@code tokenIds[from .. from + blockSize)}.
     *
     * @param parent holds the hash before it from {@code parentIndex} on
     * @param target receives its hash from {@code targetIndex} on
     */
    void hash(long[] parent, int parentIndex, int[] tokenIds, int from, long[] target, int targetIndex) {
        for (int i = 0; i < WORDS; i++) {
            LONG.set(buffer, i * Long.BYTES, parent[parentIndex + i]);
        }
        for (int i = 0; i < blockSize; i++) {
            INT.set(buffer, HASH_BYTES + i * Integer.BYTES, tokenIds[from + i]);
        }
        digest.update(buffer);
        try {
            digest.digest(buffer, 0, HASH_BYTES);
        } catch (DigestException e) {
            throw new AssertionError("the buffer holds a SHA-256 hash", e);
        }
        for (int i = 0; i < WORDS; i++) {
            target[targetIndex + i] = (long) LONG.get(buffer, i * Long.BYTES);
        }
    }
}
