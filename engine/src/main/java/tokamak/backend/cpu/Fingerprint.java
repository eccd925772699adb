package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** What packed bytes were made of, as a SHA-256. */
record Fingerprint(byte[] hash) {
    static final int BYTES = 32;
    private static final int SAMPLE_BYTES = 64;
    private static final int MIN_SAMPLES = 4;
    private static final int MAX_SAMPLES = 16;

    /**
     * Of a matrix: its name, format and shape, and numbers from all over it. Reading all would cost what the cache saves; that
     * a file was changed in other places shows in the model's identity.
     *
     * @param ordinal its place in the order of loading: stacked experts share a name
     */
    static Fingerprint of(Matrix matrix, int ordinal) {
        return switch (matrix) {
            case Tensor tensor -> ofTensor(tensor, ordinal);
            default -> ofRows(matrix, ordinal);
        };
    }

    /** Whole rows, as they have to be made. */
    private static Fingerprint ofRows(Matrix matrix, int ordinal) {
        MessageDigest digest = sha256();
        update(
                digest,
                ordinal + matrix.name() + '\0' + matrix.dtype() + '[' + matrix.rows() + ", " + matrix.columns() + ']'
                        + Arrays.hashCode(matrix.inputOrder()) + Arrays.hashCode(matrix.inputFactors()));
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < MIN_SAMPLES; i++) {
                long row = (matrix.rows() - 1) * i / (MIN_SAMPLES - 1);
                digest.update(matrix.rows(row, row + 1, arena).data().toArray(JAVA_BYTE));
            }
        }
        return new Fingerprint(digest.digest());
    }

    private static Fingerprint ofTensor(Tensor tensor, int ordinal) {
        MessageDigest digest = sha256();
        update(digest, ordinal + tensor.name() + '\0' + tensor.dtype() + Arrays.toString(tensor.shape()));
        MemorySegment data = tensor.data();
        int sample = (int) Math.min(SAMPLE_BYTES, data.byteSize());
        int count = (int) Math.clamp(data.byteSize() >> 20, MIN_SAMPLES, MAX_SAMPLES);
        for (long i = 0; i < count; i++) {
            long at = (data.byteSize() - sample) / (count - 1) * i;
            digest.update(data.asSlice(at, sample).toArray(JAVA_BYTE));
        }
        return new Fingerprint(digest.digest());
    }

    /** Of a whole image, as its file is called. */
    static String ofImage(String identity, Kernels kernels) {
        MessageDigest digest = sha256();
        update(digest, identity + '\0' + kernels.isa().label() + '\0' + PackedMatrix.LAYOUT_VERSION);
        return HexFormat.of().formatHex(digest.digest(), 0, BYTES / 2);
    }

    private static void update(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint(byte[] otherHash) && Arrays.equals(hash, otherHash);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hash);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(hash);
    }
}
