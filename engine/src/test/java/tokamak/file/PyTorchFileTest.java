package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

/** Files in {@code resources/tokamak/file/pytorch} come from PyTorch itself; {@code make.py} there wrote them. */
class PyTorchFileTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void config() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    }

    private static byte[] fixture(String name) throws IOException {
        try (var in = PyTorchFileTest.class.getResourceAsStream("pytorch/" + name)) {
            return in.readAllBytes();
        }
    }

    private Checkpoint open(byte[] content) throws IOException {
        Files.write(folder.resolve("pytorch_model.bin"), content);
        return Checkpoint.open(folder);
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[(int) tensor.count()];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"zip.bin", "legacy.bin", "wrapped.bin"})
    void everyFormOfTorchSaveGivesTheSameTensors(String name) throws IOException {
        try (Checkpoint checkpoint = open(fixture(name))) {
            assertThat(checkpoint.tensorNames())
                    .containsExactly(
                            "whole",
                            "tied",
                            "tail",
                            "transposed",
                            "column",
                            "parameter",
                            "bf16",
                            "half",
                            "index",
                            "flag",
                            "scalar",
                            "empty");
            assertThat(values(checkpoint.tensor("whole"))).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
            assertThat(checkpoint.tensor("tied").data().address())
                    .as("tensors that share a storage share memory")
                    .isEqualTo(checkpoint.tensor("whole").data().address());
            assertThat(values(checkpoint.tensor("tail"))).containsExactly(4, 5, 6, 7, 8, 9, 10, 11);
            assertThat(checkpoint.tensor("transposed").shape()).containsExactly(4, 3);
            assertThat(values(checkpoint.tensor("transposed"))).containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
            assertThat(values(checkpoint.tensor("column"))).containsExactly(1, 5, 9);
            assertThat(values(checkpoint.tensor("parameter"))).containsExactly(0.5f, -2);
            assertThat(values(checkpoint.tensor("bf16"))).containsExactly(1.5f, -3);
            assertThat(values(checkpoint.tensor("half"))).containsExactly(0.25f, 65504);
            assertThat(values(checkpoint.tensor("scalar"))).containsExactly(7);
            assertThat(checkpoint.tensor("index").dtype()).isEqualTo(DType.I64);
            assertThat(checkpoint.tensor("flag").dtype()).isEqualTo(DType.BOOL);
            assertThat(checkpoint.tensor("empty").shape()).containsExactly(0, 4);
        }
    }

    @Test
    void shardsOpenByTheirIndex() throws IOException {
        Files.write(folder.resolve("a.bin"), fixture("zip.bin"));
        Files.write(folder.resolve("b.bin"), fixture("legacy.bin"));
        Path index = folder.resolve("pytorch_model.bin.index.json");
        Files.writeString(index, "{\"weight_map\":{\"whole\":\"a.bin\",\"half\":\"b.bin\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactlyInAnyOrder("whole", "half");
        }
        Files.writeString(index, "{\"weight_map\":{\"whole\":\"a.bin\",\"other\":\"b.bin\"}}");
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("'other'");
    }

    @Test
    void safetensorsComeFirstAndWhatTrainingLeavesIsNoModel() throws IOException {
        Files.write(folder.resolve("training_args.bin"), fixture("attack.bin"));
        Files.write(folder.resolve("pytorch_model.bin"), fixture("zip.bin"));
        new SafetensorsWriter().tensor("w", new float[1], 1).write(folder.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactly("w");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"attack.bin", "attack-legacy.bin"})
    void aPickleThatWouldRunSomethingIsRefusedByName(String name) throws IOException {
        byte[] attack = fixture(name);
        assertThatThrownBy(() -> open(attack))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("'posix.system'")
                .hasMessageContaining("was not run");
        assertThat(Path.of("attacked")).doesNotExist();
    }

    @Test
    void whatCannotBeReadSaysWhatItIs() throws IOException {
        refused(fixture("expanded.bin"), "'w' F32[1000, 1000]", "its storage");
        refused(fixture("compressed.bin"), "compressed");
        refused(fixture("no-tensors.bin"), "a list of 2");
        refused(new byte[0], "neither");
        refused("ustar".repeat(300).getBytes(java.nio.charset.StandardCharsets.US_ASCII), "neither");
        refused(Arrays.copyOf(fixture("zip.bin"), 1000), "cut short");
        refused(Arrays.copyOf(fixture("legacy.bin"), 700), "cut short");
    }

    private void refused(byte[] content, String... said) {
        assertThatThrownBy(() -> open(content))
                .isInstanceOf(ModelFormatException.class)
                .message()
                .contains("pytorch_model.bin")
                .contains(said);
    }

    /** Whatever a file holds, it opens or is refused: no other exception, and no memory for what is not there. */
    @ParameterizedTest
    @ValueSource(strings = {"zip.bin", "legacy.bin"})
    void damageIsRefusedOrHarmless(String name) throws IOException {
        byte[] whole = fixture(name);
        SplittableRandom random = new SplittableRandom(name.hashCode());
        int refused = 0;
        int rounds = 1_000;
        for (int round = 0; round < rounds; round++) {
            byte[] damaged = round % 10 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int i = random.nextInt(1, 4); i > 0 && damaged.length > 0; i--) {
                // Half of the damage goes to the programs; most of a file is numbers and padding.
                int at = random.nextBoolean() ? programByte(damaged, random) : random.nextInt(damaged.length);
                damaged[at] = (byte) random.nextInt();
            }
            try (Checkpoint checkpoint = open(damaged)) {
                assertThat(checkpoint.tensorBytes()).isLessThan(10_000);
            } catch (ModelFormatException expected) {
                refused++;
            } catch (RuntimeException | OutOfMemoryError other) {
                fail("round " + round, other);
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds - 1);
    }

    private static int programByte(byte[] file, SplittableRandom random) {
        int[] starts = IntStream.range(0, file.length)
                .filter(i -> (file[i] & 0xFF) == 0x80)
                .toArray();
        int start = starts.length == 0 ? 0 : starts[random.nextInt(starts.length)];
        return Math.min(file.length - 1, start + random.nextInt(1_000));
    }
}
