package tokamak.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.DoubleConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.GgufWriter;
import tokamak.file.ModelFormatException;
import tokamak.model.FormatMix;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

class GgufQuantizerTest {
    @TempDir
    private Path folder;

    private final SplittableRandom random = new SplittableRandom(5);

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private GgufWriter model() {
        return new GgufWriter()
                .string("general.architecture", "llama")
                .u32("llama.block_count", 1)
                .u32("general.file_type", 0)
                .u16("a.short", 7)
                .i32s("a.list", -1, 2)
                .strings("tokenizer.ggml.tokens", "a", "b\u00e9")
                .tensor("token_embd.weight", numbers(512 * 3), 3, 512)
                .tensor("blk.0.attn_norm.weight", numbers(512), 512)
                .tensor("blk.0.attn_q.weight", numbers(512 * 512), 512, 512)
                .tensor("blk.0.attn_v.weight", numbers(512 * 64), 64, 512)
                .tensor("blk.0.ffn_down.weight", numbers(96 * 512), 512, 96)
                .tensor("blk.0.ffn_gate_inp.weight", numbers(512 * 4), 4, 512)
                .tensor("blk.0.odd.weight", numbers(7 * 5), 5, 7);
    }

    private Path write(String name) throws IOException {
        return model().write(folder.resolve(name));
    }

    private static void rewrite(Path source, String format, Path target) throws IOException {
        try (GgufCheckpoint checkpoint = (GgufCheckpoint) Checkpoint.open(source)) {
            GgufQuantizer.quantize(
                    checkpoint,
                    Families.of(checkpoint),
                    FormatMix.named(format),
                    new Importance(),
                    target,
                    share -> {});
        }
    }

    private static void quantize(Checkpoint source, Path target, DoubleConsumer progress) throws IOException {
        GgufQuantizer.quantize(
                source, Families.of(source), FormatMix.named("Q5_0"), new Importance(), target, progress);
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[(int) tensor.count()];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        return values;
    }

    @Test
    void everyTensorIsThereInTheFormatOfItsRoleAndNearItsNumbers() throws IOException {
        Path source = write("source.gguf");
        Path target = folder.resolve("target.gguf");
        rewrite(source, "q4_k_m", target);
        try (Checkpoint before = Checkpoint.open(source);
                Checkpoint after = Checkpoint.open(target)) {
            assertThat(after.tensorNames()).containsExactlyElementsOf(before.tensorNames());
            assertThat(after.tensor("token_embd.weight").dtype())
                    .as("also the output")
                    .isEqualTo(DType.Q6_K);
            assertThat(after.tensor("blk.0.attn_norm.weight").dtype()).isEqualTo(DType.F32);
            assertThat(after.tensor("blk.0.attn_q.weight").dtype()).isEqualTo(DType.Q4_K);
            assertThat(after.tensor("blk.0.attn_v.weight").dtype()).isEqualTo(DType.Q6_K);
            assertThat(after.tensor("blk.0.ffn_down.weight").dtype())
                    .as("rows of 96")
                    .isEqualTo(DType.Q8_0);
            assertThat(after.tensor("blk.0.ffn_gate_inp.weight").dtype()).isEqualTo(DType.F32);
            assertThat(after.tensor("blk.0.odd.weight").dtype()).as("rows of 7").isEqualTo(DType.F16);
            for (String name : before.tensorNames()) {
                float[] old = values(before.tensor(name));
                float[] fresh = values(after.tensor(name));
                double error = 0;
                for (int i = 0; i < old.length; i++) {
                    error += Math.pow(old[i] - fresh[i], 2);
                }
                assertThat(Math.sqrt(error / old.length)).as(name).isLessThan(0.09);
            }
        }
    }

    @Test
    void metadataIsTakenOverByteForByte() throws IOException {
        Path source = write("source.gguf");
        Path target = folder.resolve("target.gguf");
        rewrite(source, "Q8_0", target);
        try (GgufCheckpoint before = (GgufCheckpoint) Checkpoint.open(source);
                GgufCheckpoint after = (GgufCheckpoint) Checkpoint.open(target)) {
            before.rawPairs().forEach((key, value) -> {
                if (!key.equals("general.file_type")) {
                    assertThat(after.rawPairs().get(key).mismatch(value))
                            .as(key)
                            .isEqualTo(-1);
                }
            });
            assertThat(after.metadata().integer("general.file_type")).isEqualTo(7);
            assertThat(after.metadata().strings("tokenizer.ggml.tokens")).containsExactly("a", "b\u00e9");
        }
    }

    @Test
    void aTensorThatHasTheFormatAlreadyIsCopied() throws IOException {
        Path once = folder.resolve("once.gguf");
        Path twice = folder.resolve("twice.gguf");
        rewrite(write("source.gguf"), "Q4_0", once);
        rewrite(once, "Q4_0", twice);
        assertThat(twice).hasSameBinaryContentAs(once);
    }

    @Test
    void anInterruptedRunGoesOnWhereItStopped() throws IOException {
        Path source = write("source.gguf");
        Path whole = folder.resolve("whole.gguf");
        rewrite(source, "Q5_0", whole);
        Path target = folder.resolve("target.gguf");
        Path part = folder.resolve("target.gguf.part");
        for (int stop = 1; stop <= 6; stop++) {
            int[] calls = {0};
            int last = stop;
            try (GgufCheckpoint checkpoint = (GgufCheckpoint) Checkpoint.open(source)) {
                assertThatThrownBy(() -> quantize(checkpoint, target, share -> {
                            if (++calls[0] == last) {
                                throw new UncheckedIOException(new IOException("stop"));
                            }
                        }))
                        .isInstanceOf(UncheckedIOException.class);
                assertThat(target).doesNotExist();
                assertThat(part).exists();
                int[] more = {0};
                quantize(checkpoint, target, share -> more[0]++);
                assertThat(calls[0] + more[0])
                        .as("at most two tensors are written twice")
                        .isBetween(7, 9);
            }
            assertThat(target).hasSameBinaryContentAs(whole);
            assertThat(part).doesNotExist();
            Files.delete(target);
        }
    }

    @Test
    void theBeginningOfAnotherFileIsNotTaken() throws IOException {
        Path source = write("source.gguf");
        Path whole = folder.resolve("whole.gguf");
        rewrite(source, "Q5_0", whole);
        Path target = folder.resolve("target.gguf");
        Files.write(folder.resolve("target.gguf.part"), new byte[10_000_000]);
        rewrite(source, "Q5_0", target);
        assertThat(target).hasSameBinaryContentAs(whole);
    }

    @Test
    void numbersThatAreNoneAreRefusedWithTheirPlace() throws IOException {
        float[] damaged = numbers(64 * 32);
        damaged[70] = Float.NaN;
        Path source = new GgufWriter()
                .string("general.architecture", "llama")
                .u32("llama.block_count", 1)
                .tensor("blk.0.attn_q.weight", damaged, 64, 32)
                .write(folder.resolve("source.gguf"));
        assertThatThrownBy(() -> rewrite(source, "Q8_0", folder.resolve("target.gguf")))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("blk.0.attn_q.weight")
                .hasMessageContaining("NaN at index 70");
        assertThatThrownBy(() -> rewrite(source, "IQ2_XXS", folder.resolve("target.gguf")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("can be read, not written");
    }
}
