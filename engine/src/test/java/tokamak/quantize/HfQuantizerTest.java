package tokamak.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.TestData;
import tokamak.file.Checkpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SafetensorsWriter;
import tokamak.model.LinearInput;
import tokamak.model.arch.Families;
import tokamak.quant.QuantizedLayers;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

class HfQuantizerTest {
    private static final int WIDTH = 128;
    private static final String CONFIG = """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 128, "intermediate_size": 256,
             "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 32,
             "vocab_size": 24, "rms_norm_eps": 1e-5, "torch_dtype": "bfloat16"}""";

    @TempDir
    private Path folder;

    private final SplittableRandom random = new SplittableRandom(6);

    private float[] numbers(int count, double scale) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) (scale * random.nextGaussian());
        }
        return numbers;
    }

    /** One layer of a Llama whose input channels differ in size. */
    private Path model() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("config.json"), CONFIG);
        Files.writeString(source.resolve("tokenizer.json"), "{}");
        SafetensorsWriter writer = new SafetensorsWriter()
                .tensor("model.embed_tokens.weight", numbers(24 * WIDTH, 1), 24, WIDTH)
                .tensor("model.norm.weight", numbers(WIDTH, 1), WIDTH)
                .tensor("lm_head.weight", numbers(24 * WIDTH, 1), 24, WIDTH);
        String layer = "model.layers.0.";
        for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
            float[] weight = numbers(WIDTH, 0.2);
            for (int k = 0; k < WIDTH; k++) {
                weight[k] = k % 16 == 3 ? 8 + weight[k] : 1 + Math.abs(weight[k]);
            }
            writer.tensor(layer + norm + ".weight", weight, WIDTH);
        }
        for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
            writer.tensor(layer + "self_attn." + name + ".weight", numbers(WIDTH * WIDTH, 0.1), WIDTH, WIDTH);
        }
        writer.tensor(layer + "mlp.gate_proj.weight", numbers(256 * WIDTH, 0.1), 256, WIDTH)
                .tensor(layer + "mlp.up_proj.weight", numbers(256 * WIDTH, 0.1), 256, WIDTH)
                .tensor(layer + "mlp.down_proj.weight", numbers(256 * WIDTH, 0.1), WIDTH, 256)
                .write(source.resolve("model.safetensors"));
        return source;
    }

    private static Path quantize(
            Path source, HfFormat format, Importance importance, Path target, DoubleConsumer progress)
            throws IOException {
        try (HfCheckpoint checkpoint = (HfCheckpoint) Checkpoint.open(source)) {
            HfQuantizer.quantize(
                    checkpoint, Families.of(checkpoint), format, importance, target, format.name(), progress);
        }
        return target;
    }

    private Path quantize(Path source, HfFormat format, Importance importance) throws IOException {
        return quantize(source, format, importance, folder.resolve(format.label()), share -> {});
    }

    private static float[] floats(HfCheckpoint checkpoint, String tensor) throws ModelFormatException {
        Tensor found = checkpoint.tensor(tensor);
        return MatrixRows.read(found.reshape(1, found.count()), 0, 1);
    }

    /** What a reader makes of a layer. */
    private static float[] weights(HfCheckpoint checkpoint, String module) throws IOException {
        Matrix matrix =
                QuantizedLayers.of(checkpoint).find(module).orElseThrow().matrix();
        return MatrixRows.read(matrix, 0, matrix.rows());
    }

    private static double relativeError(float[] expected, float[] found) {
        double error = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(expected[i] - found[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(error / size);
    }

    @ParameterizedTest
    @EnumSource
    void aReaderFindsTheWeightsAgain(HfFormat format) throws IOException {
        Path source = model();
        Path target = quantize(source, format, new Importance());
        double most = switch (format) {
            case AWQ, W4A16 -> 0.13;
            case FP8, FP8_CHANNEL -> 0.03;
            case W8A8 -> 0.01;
        };
        try (HfCheckpoint before = (HfCheckpoint) Checkpoint.open(source);
                HfCheckpoint after = (HfCheckpoint) Checkpoint.open(target)) {
            for (String module : List.of("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj")) {
                String name = "model.layers.0." + module;
                assertThat(relativeError(floats(before, name + ".weight"), weights(after, name)))
                        .as(name)
                        .isLessThan(most);
            }
            for (String name : List.of("lm_head.weight", "model.embed_tokens.weight", "model.norm.weight")) {
                assertThat(after.tensor(name)
                                .data()
                                .mismatch(before.tensor(name).data()))
                        .isEqualTo(-1);
            }
        }
        assertThat(target.resolve("tokenizer.json")).exists();
        assertThat(folder.resolve(format.label() + ".part")).doesNotExist();
    }

    /** The layout by its published description, with none of our readers. */
    @Test
    void awqWordsHoldOutputsInTheirInterleavedOrder() throws IOException {
        Path source = model();
        Path target = quantize(source, HfFormat.AWQ, new Importance());
        int[] outputOfNibble = {0, 2, 4, 6, 1, 3, 5, 7};
        String name = "model.layers.0.mlp.up_proj";
        try (HfCheckpoint before = (HfCheckpoint) Checkpoint.open(source);
                HfCheckpoint after = (HfCheckpoint) Checkpoint.open(target)) {
            float[] original = floats(before, name + ".weight");
            Tensor words = after.tensor(name + ".qweight");
            Tensor zeros = after.tensor(name + ".qzeros");
            float[] scales = floats(after, name + ".scales");
            assertThat(words.shape()).containsExactly(WIDTH, 256 / 8);
            assertThat(zeros.shape()).containsExactly(1, 256 / 8);
            float[] found = new float[original.length];
            for (int k = 0; k < WIDTH; k++) {
                for (int word = 0; word < 32; word++) {
                    int codes = words.data().get(LittleEndian.INT, 4L * (k * 32 + word));
                    int zero = zeros.data().get(LittleEndian.INT, 4L * word);
                    for (int nibble = 0; nibble < 8; nibble++) {
                        int output = 8 * word + outputOfNibble[nibble];
                        int difference = (codes >>> 4 * nibble & 15) - (zero >>> 4 * nibble & 15);
                        found[output * WIDTH + k] = difference * scales[output];
                    }
                }
            }
            assertThat(relativeError(original, found)).isLessThan(0.13);
        }
    }

    @Test
    void packedWordsHoldInputsInOrderMoreEight() throws IOException {
        Path source = model();
        Path target = quantize(source, HfFormat.W4A16, new Importance());
        String name = "model.layers.0.mlp.down_proj";
        try (HfCheckpoint before = (HfCheckpoint) Checkpoint.open(source);
                HfCheckpoint after = (HfCheckpoint) Checkpoint.open(target)) {
            float[] original = floats(before, name + ".weight");
            Tensor words = after.tensor(name + ".weight_packed");
            float[] scales = floats(after, name + ".weight_scale");
            assertThat(words.shape()).containsExactly(WIDTH, 256 / 8);
            assertThat(floats(after, name + ".weight_shape")).containsExactly(WIDTH, 256);
            float[] found = new float[original.length];
            for (int i = 0; i < found.length; i++) {
                int code = words.data().get(LittleEndian.INT, 4L * (i / 8)) >>> 4 * (i % 8) & 15;
                found[i] = (code - 8) * scales[i / 128];
            }
            assertThat(relativeError(original, found)).isLessThan(0.13);
        }
    }

    /** The same tensors of the same types, and the same settings, as in checkpoints that were published like this. */
    @ParameterizedTest
    @CsvSource({"awq", "w4a16", "w8a8", "fp8"})
    void aTwinHasTheSameTensorsAndSettings(String twin) throws IOException {
        Path models = TestData.folder("models");
        Path target = quantize(
                models.resolve("stories260K-wide-bf16"), HfFormat.named(twin).orElseThrow(), new Importance());
        try (HfCheckpoint expected = (HfCheckpoint) Checkpoint.open(models.resolve("stories260K-wide-" + twin));
                HfCheckpoint found = (HfCheckpoint) Checkpoint.open(target)) {
            assertThat(types(found)).isEqualTo(types(expected));
            assertThat(settings(found)).containsAllEntriesOf(settings(expected));
        }
    }

    /** Of the linear layers; 16-bit numbers may be of either kind. */
    private static Map<String, String> types(HfCheckpoint checkpoint) throws ModelFormatException {
        Map<String, String> types = new TreeMap<>();
        for (String name : checkpoint.tensorNames()) {
            Tensor tensor = checkpoint.tensor(name);
            types.put(name, tensor.dtype().toString().replace("BF16", "F16") + " of rank " + tensor.rank());
        }
        return types;
    }

    private static Map<String, String> settings(HfCheckpoint checkpoint) throws ModelFormatException {
        Map<String, String> settings = new LinkedHashMap<>();
        var config = checkpoint.metadata().object("quantization_config").orElseThrow();
        for (String key : config.keys()) {
            // Ours have larger groups and name the output matrix in every method.
            if (!key.equals("group_size") && !key.equals("config_groups")) {
                settings.put(key, config.describe(key));
            }
        }
        return settings;
    }

    @ParameterizedTest
    @EnumSource(names = {"AWQ", "W4A16"})
    void calibrationFoldsFactorsAwayAndLessensTheErrorWhereInputsAreLarge(HfFormat format) throws IOException {
        Path source = model();
        Importance importance = new Importance();
        float[] row = sizes(WIDTH);
        importance.add(0, LinearInput.MIXER, row);
        importance.add(0, LinearInput.FEED, row);
        importance.add(0, LinearInput.MIXER_OUTPUT, row);
        importance.add(0, LinearInput.FEED_DOWN, sizes(256));

        Map<String, Double> plain = outputErrors(source, quantize(source, format, new Importance()));
        Path target = folder.resolve("calibrated");
        Map<String, Double> calibrated =
                outputErrors(source, quantize(source, format, importance, target, share -> {}));
        calibrated.forEach((layer, error) -> assertThat(error).as(layer).isLessThan(0.85 * plain.get(layer)));
        try (HfCheckpoint before = (HfCheckpoint) Checkpoint.open(source);
                HfCheckpoint after = (HfCheckpoint) Checkpoint.open(target)) {
            String norm = "model.layers.0.input_layernorm.weight";
            assertThat(floats(after, norm)).isNotEqualTo(floats(before, norm));
        }
    }

    private static float[] sizes(int columns) {
        float[] sizes = new float[columns];
        for (int k = 0; k < columns; k++) {
            sizes[k] = k % 16 == 3 ? 8 : 1;
        }
        return sizes;
    }

    /** Root of the mean squared error of what a layer gives for inputs as the norm makes them. */
    private static Map<String, Double> outputErrors(Path source, Path target) throws IOException {
        Map<String, Double> errors = new HashMap<>();
        try (HfCheckpoint before = (HfCheckpoint) Checkpoint.open(source);
                HfCheckpoint after = (HfCheckpoint) Checkpoint.open(target)) {
            String layer = "model.layers.0.";
            for (String[] pair : new String[][] {
                {"input_layernorm", "self_attn.q_proj"}, {"post_attention_layernorm", "mlp.gate_proj"}
            }) {
                float[] normBefore = floats(before, layer + pair[0] + ".weight");
                float[] normAfter = floats(after, layer + pair[0] + ".weight");
                float[] exact = floats(before, layer + pair[1] + ".weight");
                float[] rounded = weights(after, layer + pair[1]);
                double error = 0;
                for (int i = 0; i < exact.length; i++) {
                    error += Math.pow(
                            (double) exact[i] * normBefore[i % WIDTH] - (double) rounded[i] * normAfter[i % WIDTH], 2);
                }
                errors.put(pair[1], Math.sqrt(error / exact.length));
            }
        }
        return errors;
    }

    @Test
    void anInterruptedRunGoesOnAndOtherSettingsBeginAnew() throws IOException {
        Path source = model();
        Path whole = quantize(source, HfFormat.W4A16, new Importance(), folder.resolve("whole"), share -> {});
        Path target = folder.resolve("target");
        for (int stop : List.of(2, 9, 20)) {
            int[] calls = {0};
            assertThatThrownBy(() -> quantize(source, HfFormat.W4A16, new Importance(), target, share -> {
                        if (++calls[0] == stop) {
                            throw new UncheckedIOException(new IOException("stop"));
                        }
                    }))
                    .isInstanceOf(UncheckedIOException.class);
            assertThat(target).doesNotExist();
            assertThat(folder.resolve("target.part")).isDirectory();
            int[] more = {0};
            quantize(source, HfFormat.W4A16, new Importance(), target, share -> more[0]++);
            assertThat(calls[0] + more[0])
                    .as("at most two tensors are written twice")
                    .isBetween(26, 28);
            assertSame(target, whole);
            delete(target);
        }
        assertThatThrownBy(() -> quantize(source, HfFormat.AWQ, new Importance(), target, share -> {
                    throw new UncheckedIOException(new IOException("stop"));
                }))
                .isInstanceOf(UncheckedIOException.class);
        quantize(source, HfFormat.W4A16, new Importance(), target, share -> {});
        assertSame(target, whole);
    }

    private static void assertSame(Path found, Path expected) throws IOException {
        try (Stream<Path> files = Files.list(expected)) {
            for (Path file : files.toList()) {
                assertThat(found.resolve(file.getFileName())).hasSameBinaryContentAs(file);
            }
        }
        assertThat(found.toFile().list()).hasSameSizeAs(expected.toFile().list());
    }

    private static void delete(Path target) throws IOException {
        try (Stream<Path> files = Files.list(target)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(target);
    }

    @Test
    void aFolderOfSomebodyElseIsLeftAlone() throws IOException {
        Path source = model();
        Path part = Files.createDirectory(folder.resolve("fp8.part"));
        Path theirs = Files.writeString(part.resolve("thesis.txt"), "mine");
        assertThatThrownBy(() -> quantize(source, HfFormat.FP8, new Importance()))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(theirs).hasContent("mine");
    }

    @Test
    void numbersThatAreNoneAreRefusedWithTheirPlace() throws IOException {
        Path source = model();
        SafetensorsWriter damaged = new SafetensorsWriter();
        try (HfCheckpoint checkpoint = (HfCheckpoint) Checkpoint.open(source)) {
            for (String name : checkpoint.tensorNames()) {
                Tensor tensor = checkpoint.tensor(name);
                float[] values = floats(checkpoint, name);
                if (name.endsWith("up_proj.weight")) {
                    values[300] = Float.POSITIVE_INFINITY;
                }
                damaged.tensor(name, values, tensor.shape());
            }
        }
        damaged.write(source.resolve("model.safetensors"));
        assertThatThrownBy(() -> quantize(source, HfFormat.AWQ, new Importance()))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("mlp.up_proj.weight")
                .hasMessageContaining("Infinity at index 300");
    }

    @Test
    void roundingToE4m3IsToTheNearestAndEndsAtTheLargestNumber() {
        float[] values = new float[20_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-12, 10)));
        }
        float[] all = new float[256];
        try (Arena arena = Arena.ofConfined()) {
            var bytes = arena.allocate(values.length);
            tokamak.tensor.Quantizers.of(DType.F8_E4M3).orElseThrow().quantize(values, 0, values.length, bytes, 0);
            float[] found = new float[values.length];
            tokamak.tensor.Dequantizers.of(DType.F8_E4M3).dequantize(bytes, 0, found, 0, found.length);
            var codes = arena.allocate(256);
            for (int i = 0; i < 256; i++) {
                codes.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) i);
            }
            tokamak.tensor.Dequantizers.of(DType.F8_E4M3).dequantize(codes, 0, all, 0, 256);
            for (int i = 0; i < values.length; i++) {
                float nearest = Float.POSITIVE_INFINITY;
                for (float candidate : all) {
                    if (!Float.isNaN(candidate)) {
                        nearest = Math.min(nearest, Math.abs(candidate - values[i]));
                    }
                }
                assertThat(Math.abs(found[i] - values[i])).isEqualTo(nearest);
            }
        }
    }
}
