package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.Allocation;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

/** Random damage to every file we parse: it is refused or it opens, and never costs more than a little memory. */
class DamagedFilesTest {
    private static final int CASES = 2500;
    private static final long MAX_ALLOCATION = 2 << 20;
    private static final long[] EXTREMES = {
        0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, 1L << 32, 1L << 31, 1L << 60, 0x7FFFFFFFFFFFFFE0L
    };

    @TempDir
    private Path folder;

    private Path safetensors;
    private Path index;
    private Path config;

    @BeforeEach
    void wholeFiles() throws IOException {
        config = Files.writeString(
                folder.resolve("config.json"),
                "{\"model_type\":\"llama\",\"hidden_size\":64,\"rope_scaling\":{\"factor\":8.0,\"list\":[1,2,3]},"
                        + "\"eps\":1e-5,\"tie\":false,\"none\":null,\"text\":\"gr\\u00fc\\u00dfe\"}");
        index = Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"metadata\":{\"total_size\":76},\"weight_map\":{\"a\":\"s.safetensors\",\"b.weight\":\"s.safetensors\"}}");
        safetensors = new SafetensorsWriter()
                .json("\"__metadata__\":{\"format\":\"pt\"}")
                .tensor("a", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("b.weight", DType.BF16, new long[] {2, 13}, new byte[52])
                .write(folder.resolve("s.safetensors"));
    }

    @Test
    void gguf() throws IOException {
        byte[] whole = new GgufWriter()
                .string("general.architecture", "llama")
                .u32("llama.block_count", 2)
                .f32("eps", 1e-5)
                .bool("flag", true)
                .strings("tokens", "a", "bc", "def")
                .i32s("types", 1, 2, 3)
                .f32s("scores", 0, -1, -2)
                .array(
                        "nested",
                        GgufWriter.ARRAY,
                        1,
                        sink -> sink.u32(GgufWriter.U8).u64(2).u16(0))
                .tensor("token_embd.weight", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("blk.0.w", DType.Q8_0, new long[] {2, 32}, new byte[68])
                .toBytes();
        Path file = folder.resolve("m.gguf");
        int opened = 0;
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 2 * CASES; i++) {
            opened += opensAfter(file, damaged(whole, random), file);
        }
        assertThat(opened).isBetween(1, 2 * CASES - 1);
    }

    @Test
    void safetensors() throws IOException {
        damageInFolder(safetensors, 2);
    }

    @Test
    void shardIndex() throws IOException {
        damageInFolder(index, 3);
    }

    @Test
    void config() throws IOException {
        damageInFolder(config, 4);
    }

    private void damageInFolder(Path file, long seed) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(seed);
        int opened = 0;
        for (int i = 0; i < CASES; i++) {
            opened += opensAfter(file, damaged(whole, random), folder);
        }
        assertThat(opened).isBetween(1, CASES - 1);
    }

    /** Cut short, some bytes changed, or a number replaced by an extreme one; often within the first bytes. */
    private static byte[] damaged(byte[] whole, SplittableRandom random) {
        byte[] bytes = whole.clone();
        switch (random.nextInt(4)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            case 2 -> {
                for (int i = random.nextInt(1, 9); i > 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
            }
            case 3 -> {
                byte[] number = new ByteSink()
                        .u64(EXTREMES[random.nextInt(EXTREMES.length)])
                        .toBytes();
                int length = random.nextBoolean() ? 4 : 8;
                System.arraycopy(number, 0, bytes, random.nextInt(bytes.length - 8), length);
            }
            default -> throw new AssertionError();
        }
        return bytes;
    }

    /** 1 if it opens, 0 if it is refused; anything else fails the test. */
    private static int opensAfter(Path file, byte[] bytes, Path opened) throws IOException {
        Files.deleteIfExists(file); // some file systems are slow to shorten a file and quick to make one
        Files.write(file, bytes);
        long before = Allocation.bytes();
        try (Checkpoint checkpoint = Checkpoint.open(opened)) {
            readEverything(checkpoint);
            return 1;
        } catch (ModelFormatException refused) {
            assertThat(refused).hasMessageContaining(opened.toString());
            return 0;
        } catch (IOException | RuntimeException | Error unexpected) {
            throw new AssertionError(
                    "unexpected " + unexpected + " for " + new String(bytes, StandardCharsets.ISO_8859_1), unexpected);
        } finally {
            assertThat(Allocation.bytes() - before).isLessThan(MAX_ALLOCATION);
        }
    }

    private static void readEverything(Checkpoint checkpoint) throws IOException {
        for (String key : checkpoint.metadata().keys()) {
            checkpoint.metadata().describe(key);
        }
        for (String name : checkpoint.tensorNames()) {
            Tensor tensor = checkpoint.tensor(name);
            assertThat(tensor.count()).isBetween(0L, 1000L); // the files hold no more
            float[] values = new float[(int) tensor.count()];
            Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        }
    }
}
