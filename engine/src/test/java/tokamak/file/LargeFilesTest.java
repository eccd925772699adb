package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.Allocation;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

class LargeFilesTest {
    private static final long ROWS = 1 << 20;
    private static final long COLUMNS = 1 << 11;

    @TempDir
    private Path folder;

    @Test
    void openingCopiesNothing() throws IOException {
        Path file = folder.resolve("large.gguf");
        byte[] head = new GgufWriter()
                .tensor("w", DType.F32, new long[] {ROWS, COLUMNS}, new byte[0])
                .toBytes();
        long size = head.length + ROWS * COLUMNS * Float.BYTES; // 8 GiB, nearly all of it a hole
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.write(head);
            sparse.setLength(size);
            sparse.seek(size - 1);
            sparse.write(0x40);
        }
        open(file); // loads the classes
        long before = Allocation.bytes();
        open(file);
        assertThat(Allocation.bytes() - before).isLessThan(1 << 20);
    }

    private static void open(Path file) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            Tensor tensor = checkpoint.tensor("w");
            assertThat(tensor.data().get(LittleEndian.FLOAT, tensor.data().byteSize() - 4))
                    .isEqualTo(2);
        }
    }
}
