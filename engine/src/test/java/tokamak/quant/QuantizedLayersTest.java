package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.file.Checkpoint;
import tokamak.file.HfCheckpoint;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** Whatever the layout, rows are the weights that the codes stand for. */
class QuantizedLayersTest {
    private static final String MODULE = "model.layers.3.mlp.down_proj";

    @TempDir
    Path folder;

    record Gptq(int bits, int in, int groupSize, boolean sym, boolean actOrder, boolean second) {}

    static Stream<Gptq> gptqCases() {
        List<Gptq> cases = new ArrayList<>();
        for (int bits : new int[] {2, 3, 4, 8}) {
            for (int groupSize : new int[] {32, 64, 128, 256}) {
                cases.add(new Gptq(bits, 256, groupSize, false, false, bits % 2 == 0));
            }
            cases.add(new Gptq(bits, 256, 128, true, false, false));
            cases.add(new Gptq(bits, 256, 64, true, true, false));
            cases.add(new Gptq(bits, 192, 128, false, true, true)); // groups of unequal size
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("gptqCases")
    void gptq(Gptq c) throws IOException {
        Quantiser quantiser = new Quantiser(c.hashCode());
        float[][] expected =
                quantiser.gptq(MODULE, 96, c.in(), c.bits(), c.groupSize(), c.sym(), c.actOrder(), c.second() ? 0 : 1);
        int named = c.groupSize() == 256 ? -1 : c.groupSize();
        quantiser.write(folder, config("""
                {"quant_method": "gptq", "bits": %d, "group_size": %d, "sym": %b, "desc_act": %b %s}
                """.formatted(
                c.bits(), named, c.sym(), c.actOrder(), c.second() ? ", \"checkpoint_format\": \"gptq_v2\"" : "")));
        assertRows(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128, 256})
    void awq(int groupSize) throws IOException {
        for (String version : List.of("gemm", "GEMV")) {
            Quantiser quantiser = new Quantiser(groupSize);
            float[][] expected = version.equals("gemm")
                    ? quantiser.awqGemm(MODULE, 40, 256, groupSize)
                    : quantiser.awqGemv(MODULE, 40, 256, groupSize);
            quantiser.write(folder, config("""
                    {"quant_method": "awq", "bits": 4, "group_size": %d, "zero_point": true, "version": "%s"}
                    """.formatted(groupSize == 256 ? -1 : groupSize, version)));
            assertRows(expected);
        }
    }

    record Packed(int bits, int groupSize, boolean sym, boolean actOrder, boolean gapless) {}

    static Stream<Packed> packedCases() {
        List<Packed> cases = new ArrayList<>();
        for (int bits = 2; bits <= 8; bits++) {
            cases.add(new Packed(bits, 32, true, false, true));
            cases.add(new Packed(bits, 128, false, false, true));
            cases.add(new Packed(bits, 64, false, true, false));
            cases.add(new Packed(bits, 256, true, false, false));
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("packedCases")
    void packQuantized(Packed c) throws IOException {
        Quantiser quantiser = new Quantiser(c.hashCode());
        float[][] expected =
                quantiser.packed(MODULE, 72, 256, c.bits(), c.groupSize(), c.sym(), c.actOrder(), c.gapless());
        quantiser.write(folder, compressed("pack-quantized", """
                "num_bits": %d, "type": "int", "symmetric": %b, "strategy": "%s", "group_size": %s
                """.formatted(
                        c.bits(),
                        c.sym(),
                        c.groupSize() == 256 ? "channel" : "group",
                        c.groupSize() == 256 ? "null" : "" + c.groupSize())));
        assertRows(expected);
    }

    @Test
    void intQuantized() throws IOException {
        for (boolean sym : new boolean[] {true, false}) {
            for (int[] shape : new int[][] {{24, 1}, {24}, {1}, {}}) {
                Quantiser quantiser = new Quantiser(shape.length);
                float[][] expected = quantiser.int8(MODULE, 24, 160, sym, shape);
                quantiser.write(folder, compressed("int-quantized", "\"num_bits\": 8, \"symmetric\": " + sym));
                assertRows(expected);
            }
        }
    }

    @Test
    void fp8InBlocksWithEdges() throws IOException {
        for (int in : new int[] {128, 192, 320, 160, 100}) {
            Quantiser quantiser = new Quantiser(in);
            float[][] expected = quantiser.fp8(MODULE, ".weight_scale_inv", 200, in, 128, 128, 2, (in + 127) / 128);
            quantiser.write(folder, config("{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}"));
            assertRows(expected);
        }
    }

    @Test
    void fp8PerTensorRowAndBlockOfCompressedTensors() throws IOException {
        Quantiser whole = new Quantiser(1);
        float[][] expected = whole.fp8(MODULE, ".weight_scale", 48, 256, 48, 256);
        whole.file().tensor(MODULE + ".input_scale", new float[] {0.5f});
        whole.write(folder, config("{\"quant_method\": \"fp8\", \"activation_scheme\": \"static\"}"));
        assertRows(expected);

        Quantiser rows = new Quantiser(2);
        expected = rows.fp8(MODULE, ".weight_scale", 48, 256, 1, 256, 48, 1);
        rows.write(folder, compressed("float-quantized", "\"num_bits\": 8, \"type\": \"float\""));
        assertRows(expected);

        Quantiser blocks = new Quantiser(3);
        expected = blocks.fp8(MODULE, ".weight_scale", 48, 256, 32, 64, 2, 4);
        String structure = "\"num_bits\": 8, \"type\": \"float\", \"strategy\": \"block\", \"block_structure\": ";
        blocks.write(folder, compressed("float-quantized", structure + "[32, 64]"));
        assertRows(expected);
        blocks.write(folder, compressed("float-quantized", structure + "\"32x64\""));
        assertRows(expected);
    }

    @Test
    void stacksOfExpertsHaveStacksOfScales() throws IOException {
        int out = 64;
        int in = 96;
        byte[] codes = new byte[2 * out * in];
        new java.util.SplittableRandom(11).nextBytes(codes);
        for (int i = 0; i < codes.length; i++) {
            codes[i] &= (byte) 0xBF;
        }
        float[] scales = {0.5f, 0.25f, 2, 3, 1, 4, 0.125f, 8, 5, 6, 7, 9}; // [2, 2, 3]
        Quantiser quantiser = new Quantiser(11);
        quantiser.file().tensor("experts.down_proj", DType.F8_E4M3, new long[] {2, out, in}, codes);
        quantiser.file().tensor("experts.down_proj_scale_inv", scales, 2, 2, 3);
        quantiser.write(folder, config("{\"quant_method\": \"fp8\", \"weight_block_size\": [32, 32]}"));
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Arena arena = Arena.ofConfined()) {
            List<QuantizedLinear> experts =
                    QuantizedLayers.of((HfCheckpoint) checkpoint).split(checkpoint.tensor("experts.down_proj"));
            assertThat(experts).hasSize(2);
            for (int e = 0; e < 2; e++) {
                Tensor rows = experts.get(e).matrix().rows(0, out, arena);
                float[] found = new float[out * in];
                Dequantizers.of(rows.dtype()).dequantize(rows.data(), 0, found, 0, found.length);
                for (int i = 0; i < found.length; i++) {
                    float scale = scales[e * 6 + i / in / 32 * 3 + i % in / 32];
                    assertThat(found[i]).isEqualTo(scale * Quantiser.e4m3(codes[e * out * in + i] & 0xFF));
                }
            }
        }
    }

    @Test
    void scalesThatKernelsCannotMoveLeaveFloats() throws IOException {
        Quantiser quantiser = new Quantiser(12);
        byte[] codes = {0x38, 0x40};
        quantiser
                .file()
                .tensor(MODULE + ".weight", DType.F8_E4M3, new long[] {1, 64}, java.util.Arrays.copyOf(codes, 64));
        quantiser.file().tensor(MODULE + ".weight_scale", new float[] {1000}, 1);
        quantiser.write(folder, config("{\"quant_method\": \"fp8\"}"));
        float[] expected = new float[64];
        expected[0] = 1000;
        expected[1] = 2000;
        assertRows(new float[][] {expected});
    }

    @Test
    void bitsAndBytes() throws IOException {
        String config = config("{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}");
        for (boolean nested : new boolean[] {true, false}) {
            Quantiser quantiser = new Quantiser(9);
            float[][] expected = quantiser.nf4(MODULE, 48, 1024, nested);
            quantiser.write(folder, config);
            assertRows(expected, 0.0005f); // of largest numbers of 0.1
        }
        Quantiser quantiser = new Quantiser(10);
        float[][] expected = quantiser.largestOfRows(MODULE, 48, 96);
        quantiser.write(folder, config);
        assertRows(expected);
    }

    @Test
    void fourBitFloats() throws IOException {
        for (String format : List.of("nvfp4-pack-quantized", "mxfp4-pack-quantized")) {
            int perScale = format.startsWith("mx") ? 32 : 16;
            Quantiser quantiser = new Quantiser(perScale);
            float[][] expected = quantiser.fourBitFloats(MODULE, 24, 192, perScale, false);
            quantiser.write(folder, config("""
                    {"quant_method": "compressed-tensors", "format": "%s", "config_groups": {"group_0": {
                     "targets": ["Linear"], "weights": {"num_bits": 4, "type": "float", "group_size": %d}}}}
                    """.formatted(format, perScale)));
            assertRows(expected);
        }
        Quantiser quantiser = new Quantiser(1);
        float[][] expected = quantiser.fourBitFloats(MODULE, 24, 192, 16, true);
        quantiser.write(folder, config("{\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"}"));
        assertRows(expected);
    }

    @Test
    void pairsOfOutputsAndInputFactors() throws IOException {
        Quantiser quantiser = new Quantiser(1);
        float[][] expected = quantiser.rowPairs(MODULE, 16, 64, 32);
        quantiser.write(
                folder, config("{\"quant_method\": \"modelopt\", \"quant_algo\": \"W4A16_AWQ\", \"group_size\": 32}"));
        assertRows(expected, 1e-4f);
    }

    @Test
    void autoRoundIsGptqOrAwq() throws IOException {
        Quantiser quantiser = new Quantiser(1);
        float[][] expected = quantiser.gptq(MODULE, 96, 128, 8, 64, true, false, 1);
        quantiser.write(folder, config("""
                {"quant_method": "auto-round", "bits": 4, "group_size": 64, "packing_format": "auto_round:auto_gptq",
                 "extra_config": {"%s": {"bits": 8}, "lm_head": {"bits": 16, "data_type": "fp"}}}
                """.formatted(MODULE)));
        assertRows(expected);
        Quantiser awq = new Quantiser(2);
        float[][] others = awq.awqGemm(MODULE, 40, 256, 64);
        awq.write(
                folder,
                config(
                        "{\"quant_method\": \"intel/auto-round\", \"bits\": 4, \"group_size\": 64, \"packing_format\": \"auto_round:auto_awq\"}"));
        assertRows(others);
    }

    @Test
    void olderFilesSayHowToo() throws IOException {
        Quantiser gptq = new Quantiser(4);
        float[][] expected = gptq.gptq(MODULE, 32, 64, 4, 32, false, false, 1);
        gptq.write(folder, "{}");
        java.nio.file.Files.writeString(folder.resolve("quantize_config.json"), "{\"bits\": 4, \"group_size\": 32}");
        assertRows(expected);
        java.nio.file.Files.delete(folder.resolve("quantize_config.json"));

        gptq.write(
                folder,
                "{\"text_config\": {\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4,"
                        + " \"group_size\": 32}}}");
        assertRows(expected);

        Quantiser awq = new Quantiser(3);
        expected = awq.awqGemm(MODULE, 40, 256, 64);
        awq.write(folder, config("{\"quant_method\": \"awq\", \"version\": \"exllama\", \"group_size\": 64}"));
        assertRows(expected);

        Quantiser fp8 = new Quantiser(5);
        expected = fp8.fp8(MODULE, ".weight_scale", 48, 256, 48, 256);
        fp8.write(folder, "{}");
        java.nio.file.Files.writeString(
                folder.resolve("hf_quant_config.json"),
                "{\"producer\": {\"name\": \"modelopt\"}, \"quantization\": {\"quant_algo\": \"FP8\"}}");
        assertRows(expected);
    }

    @Test
    void modulesMayDifferFromTheRest() throws IOException {
        Quantiser quantiser = new Quantiser(6);
        float[][] expected = quantiser.gptq(MODULE, 32, 128, 8, 32, true, false, 1);
        quantiser.write(folder, config("""
                {"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic":
                 {"-:.*lm_head": {}, "+:.*\\\\.3\\\\..*down.*": {"bits": 8, "group_size": 32}}}
                """));
        assertRows(expected);

        Quantiser mixed = new Quantiser(7);
        expected = mixed.packed(MODULE, 32, 128, 6, 64, true, false, true);
        mixed.write(folder, config("""
                {"quant_method": "compressed-tensors", "format": "mixed-precision", "config_groups": {
                 "group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "group_size": 32}},
                 "group_1": {"targets": ["re:.*down_proj"], "weights": {"num_bits": 6, "group_size": 64}}}}
                """));
        assertRows(expected);
    }

    @Test
    void unquantisedModulesStay() throws IOException {
        Quantiser quantiser = new Quantiser(8);
        quantiser.awqGemm(MODULE, 32, 64, 32);
        quantiser.file().tensor("lm_head.weight", new float[] {1, 2}, 1, 2);
        quantiser.write(folder, config("{\"quant_method\": \"awq\", \"group_size\": 32}"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(QuantizedLayers.of((HfCheckpoint) checkpoint).find("lm_head"))
                    .isEmpty();
        }
    }

    private static String config(String quantization) {
        return "{\"quantization_config\": " + quantization + "}";
    }

    private static String compressed(String format, String weights) {
        return config("{\"quant_method\": \"compressed-tensors\", \"format\": \"" + format
                + "\", \"config_groups\": {\"group_0\": {\"targets\": [\"Linear\"], \"weights\": {" + weights + "}}}}");
    }

    private void assertRows(float[][] expected) throws IOException {
        assertRows(expected, 0);
    }

    private void assertRows(float[][] expected, float tolerance) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Arena arena = Arena.ofConfined()) {
            QuantizedLinear found =
                    QuantizedLayers.of((HfCheckpoint) checkpoint).find(MODULE).orElseThrow();
            Matrix matrix = found.matrix();
            assertThat(matrix.rows()).isEqualTo(expected.length);
            assertThat(matrix.columns()).isEqualTo(expected[0].length);
            Set<String> names = checkpoint.tensorNames();
            assertThat(found.tensorNames())
                    .containsAll(names.stream()
                            .filter(name -> !name.endsWith("input_scale"))
                            .toList());
            int from = expected.length / 3;
            float[] row = new float[expected[0].length];
            Tensor rows = matrix.rows(from, expected.length, arena);
            for (int n = from; n < expected.length; n++) {
                long at = (n - from) * rows.dtype().bytes(row.length);
                Dequantizers.of(rows.dtype()).dequantize(rows.data(), at, row, 0, row.length);
                int[] order = matrix.inputOrder();
                float[] factors = matrix.inputFactors();
                for (int k = 0; k < row.length; k++) {
                    assertThat(factors == null ? row[k] : row[k] * factors[k])
                            .as("row %d, column %d", n, k)
                            .isCloseTo(expected[n][order == null ? k : order[k]], within(tolerance));
                }
            }
        }
    }
}
