package tokamak.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.file.Checkpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SafetensorsWriter;
import tokamak.model.ModelLoader;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** What doesn't fit together is said in a sentence that names the tensor. */
class DamagedLayersTest {
    private static final String GPTQ = "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}";
    private static final String AWQ = "{\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32}";
    private static final String FP8 = "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128]}";
    private static final String PACKED =
            compressed("pack-quantized", "\"num_bits\": 4, \"group_size\": 32, \"symmetric\": false");
    private static final String NVFP4 = compressed("nvfp4-pack-quantized", "\"num_bits\": 4");
    private static final String MXFP4 = compressed("mxfp4-pack-quantized", "\"num_bits\": 4");
    private static final String PAIRS =
            "{\"quant_method\": \"modelopt\", \"quant_algo\": \"W4A16_AWQ\", \"group_size\": 32}";
    private static final String INT8 = compressed("int-quantized", "\"num_bits\": 8, \"symmetric\": false");

    @TempDir
    Path folder;

    private static String compressed(String format, String weights) {
        return "{\"quant_method\": \"compressed-tensors\", \"format\": \"" + format
                + "\", \"config_groups\": {\"group_0\": {\"weights\": {" + weights + "}}}}";
    }

    @Test
    void methodsAndLayoutsThatAreNotSupportedAreNamed() throws IOException {
        for (String[] c : new String[][] {
            {"{\"quant_method\": \"hqq\"}", "'hqq'"},
            {"{\"quant_method\": \"awq\", \"version\": \"marlin\"}", "'marlin'"},
            {"{\"quant_method\": \"awq\", \"bits\": 8}", "8 bits"},
            {"{\"quant_method\": \"gptq\", \"bits\": 5}", "5 bits"},
            {"{\"quant_method\": \"gptq\", \"is_marlin_format\": true}", "'marlin'"},
            {"{\"quant_method\": \"gptq\", \"group_size\": -7}", "-7"},
            {"{\"quant_method\": \"gptq\", \"dynamic\": {\"+:(\": {}}}", "no pattern"},
            {"{\"quant_method\": \"modelopt\", \"quant_algo\": \"W4A8_AWQ\"}", "'W4A8_AWQ'"},
            {"{\"quant_method\": \"modelopt\", \"quant_algo\": \"MIXED_PRECISION\"}", "'MIXED_PRECISION'"},
            {"{\"quant_method\": \"auto-round\", \"packing_format\": \"itrex\"}", "'itrex'"},
            {"{\"quant_method\": \"awq\", \"version\": \"gemv_fast\"}", "'gemv_fast'"},
            {"{\"quant_method\": \"aqlm\"}", "'aqlm'"},
            {"{\"quant_method\": \"torchao\"}", "'torchao'"},
            {"{\"quant_method\": \"quanto\"}", "'quanto'"},
            {
                "{\"quant_method\": \"compressed-tensors\", \"config_groups\": {}, \"transform_config\": {\"config_groups\":"
                        + " {\"R4\": {\"apply\": [{\"location\": \"weight_input\"}, {\"location\": \"input\"}]}}}}",
                "'input'"
            },
            {"{\"quant_method\": \"quip\"}", "'quip'"},
            {"{\"quant_method\": \"eetq\"}", "'eetq'"},
            {"{\"quant_method\": \"torchao\"}", "'torchao'"},
            {"{\"quant_method\": \"marlin\"}", "'marlin'"},
            {"{\"quant_method\": \"exl2\"}", "'exl2'"},
            {
                "{\"quant_method\": \"compressed-tensors\", \"sparsity_config\": {\"format\": \"sparse-24-bitmask\"}}",
                "'sparse-24-bitmask'"
            },
            {"{\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"}", "'e5m2'"},
            {"{\"quant_method\": \"fp8\", \"weight_block_size\": [128]}", "weight_block_size"},
            {compressed("marlin-24", ""), "'marlin-24'"},
            {compressed("pack-quantized", "\"num_bits\": 16"), "16 bits"},
            {compressed("float-quantized", "\"block_structure\": \"axb\""), "axb"},
            {"{\"quant_method\": \"compressed-tensors\"}", "config_groups"},
            {"{}", "'unknown'"},
        }) {
            Quantiser quantiser = new Quantiser(1);
            quantiser.file().tensor("a.weight", new float[] {1}, 1);
            quantiser.write(folder, "{\"quantization_config\": " + c[0] + "}");
            assertThatThrownBy(this::find)
                    .as(c[0])
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining(c[1])
                    .hasMessageContaining("config.json");
        }
    }

    @Test
    void anyTensorThatIsMissingOrOfAnotherShapeIsNamed() throws IOException {
        for (Map.Entry<String, String> c : Map.of(
                        AWQ, ".qweight .qzeros .scales",
                        GPTQ, ".qweight .qzeros .scales .g_idx",
                        PACKED, ".weight_packed .weight_shape .weight_scale .weight_zero_point",
                        INT8, ".weight .weight_scale .weight_zero_point",
                        FP8, ".weight .weight_scale_inv")
                .entrySet()) {
            for (String part : c.getValue().split(" ")) {
                boolean optional = part.equals(".g_idx")
                        || part.equals(".qzeros") && c.getKey().equals(GPTQ);
                boolean main = part.equals(".qweight") || part.equals(".weight") || part.equals(".weight_packed");
                write(c.getKey(), part, null);
                if (optional) {
                    assertThat(find()).isPresent();
                } else if (main) {
                    assertThat(find()).as("%s without %s", c.getKey(), part).isEmpty();
                } else {
                    assertNamed(part, c.getKey());
                }
                write(c.getKey(), part, new long[] {3, 5});
                assertNamed(part, c.getKey());
                write(c.getKey(), part, new long[] {0, 32});
                assertNamed(part, c.getKey());
                write(c.getKey(), part, new long[] {2, 1, 3});
                assertNamed(part, c.getKey());
            }
        }
    }

    private void assertNamed(String part, String config) {
        assertThat(catchThrowable(this::find))
                .as("%s in %s", part, config)
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("a.");
    }

    /** A layer of the method, one tensor of which is left out or has another shape. */
    private void write(String config, String damaged, long[] shape) throws IOException {
        Quantiser quantiser = new Quantiser(2, new SafetensorsWriter(), (name, dtype, real) -> {
            boolean is = name.equals("a" + damaged);
            return !is ? Optional.of(real) : Optional.ofNullable(shape);
        });
        switch (config) {
            case String c when c.contains("awq") -> quantiser.awqGemm("a", 64, 96, 32);
            case String c when c.contains("gptq") -> quantiser.gptq("a", 64, 96, 4, 32, false, false, 1);
            case String c when c.contains("pack-") -> quantiser.packed("a", 64, 96, 4, 32, false, false, true);
            case String c when c.contains("int-") -> quantiser.int8("a", 64, 96, false, 64, 1);
            default -> quantiser.fp8("a", ".weight_scale_inv", 200, 256, 128, 128, 2, 2);
        }
        quantiser.write(folder, "{\"quantization_config\": " + config + "}");
    }

    @Test
    void scalesAndCodesThatAreNotNumbersAreNamed() throws IOException {
        Quantiser int8 = new Quantiser(3);
        int8.file().tensor("a.weight", DType.I8, new long[] {2, 32}, new byte[64]);
        int8.file().tensor("a.weight_scale", new float[] {1, Float.NaN}, 2, 1);
        int8.write(folder, "{\"quantization_config\": " + compressed("int-quantized", "\"num_bits\": 8") + "}");
        assertThatThrownBy(this::find).hasMessageContaining("a.weight_scale").hasMessageContaining("NaN");

        Quantiser fp8 = new Quantiser(4);
        byte[] codes = new byte[64];
        codes[63] = 0x7F;
        fp8.file().tensor("a.weight", DType.F8_E4M3, new long[] {2, 32}, codes);
        fp8.file().tensor("a.weight_scale", new float[] {1});
        fp8.write(folder, "{\"quantization_config\": {\"quant_method\": \"fp8\"}}");
        assertThatThrownBy(this::find).hasMessageContaining("a.weight F8_E4M3").hasMessageContaining("not numbers");
    }

    @Test
    void groupSizesThatDoNotDivideAreRefused() throws IOException {
        for (String config : List.of(AWQ, GPTQ, PACKED)) {
            write(config.replace("\"group_size\": 32", "\"group_size\": 40"), "", new long[0]);
            assertThatThrownBy(this::find)
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("divide");
        }
    }

    @Test
    void groupNumbersAreChecked() throws IOException {
        Quantiser quantiser = new Quantiser(
                5,
                new SafetensorsWriter(),
                (name, dtype, real) -> name.equals("a.g_idx") ? Optional.empty() : Optional.of(real));
        quantiser.gptq("a", 32, 64, 4, 32, true, false, 1);
        byte[] groups = new byte[256];
        groups[17 * 4] = 2;
        quantiser.file().tensor("a.g_idx", DType.I32, new long[] {64}, groups);
        quantiser.write(folder, "{\"quantization_config\": " + GPTQ + "}");
        assertThatThrownBy(this::find).hasMessageContaining("a.g_idx").hasMessageContaining("group 2 of 2");
    }

    @Test
    void theMethodAskedForIsComparedWithTheFiles() throws IOException {
        write(GPTQ, "", new long[0]);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            for (String name : List.of("auto", "gptq", "GPTQ_marlin")) {
                ModelLoader.requireQuantization(checkpoint, name);
            }
            assertThatThrownBy(() -> ModelLoader.requireQuantization(checkpoint, "awq"))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("'awq' was asked for")
                    .hasMessageContaining("'gptq'");
        }
    }

    /** Wrong shapes of every kind end in one of our errors, or in rows. */
    @Test
    void noShapeOfAnyTensorIsTrusted() throws IOException {
        SplittableRandom random = new SplittableRandom(6);
        for (String config : List.of(AWQ, GPTQ, PACKED, INT8, FP8, NVFP4, MXFP4, PAIRS)) {
            for (int round = 0; round < 60; round++) {
                Quantiser quantiser = new Quantiser(round, new SafetensorsWriter(), (name, dtype, real) -> {
                    long[] shape = real.clone();
                    if (random.nextInt(3) == 0 && shape.length > 0) {
                        shape[random.nextInt(shape.length)] = random.nextInt(1, 100);
                    }
                    return random.nextInt(12) == 0 ? Optional.empty() : Optional.of(shape);
                });
                switch (config) {
                    case String c when c.contains("nvfp4") -> quantiser.fourBitFloats("a", 64, 128, 16, false);
                    case String c when c.contains("mxfp4") -> quantiser.fourBitFloats("a", 64, 128, 32, false);
                    case String c when c.contains("W4A16") -> quantiser.rowPairs("a", 64, 128, 32);
                    case String c when c.contains("awq") -> quantiser.awqGemm("a", 64, 96, 32);
                    case String c when c.contains("gptq") -> quantiser.gptq("a", 64, 96, 4, 32, false, true, 1);
                    case String c when c.contains("pack-") -> quantiser.packed("a", 64, 96, 4, 32, false, true, true);
                    case String c when c.contains("int-") -> quantiser.int8("a", 64, 96, false, 64, 1);
                    default -> quantiser.fp8("a", ".weight_scale_inv", 200, 256, 128, 128, 2, 2);
                }
                quantiser.write(folder, "{\"quantization_config\": " + config + "}");
                try (Arena arena = Arena.ofConfined();
                        Checkpoint checkpoint = Checkpoint.open(folder)) {
                    Optional<QuantizedLinear> found =
                            QuantizedLayers.of((HfCheckpoint) checkpoint).find("a");
                    if (found.isPresent()) {
                        Matrix matrix = found.get().matrix();
                        Tensor rows = matrix.rows(0, matrix.rows(), arena);
                        assertThat(rows.columns()).isEqualTo(matrix.columns());
                    }
                } catch (ModelFormatException e) {
                    assertThat(e).hasMessageContaining(folder.toString());
                }
            }
        }
    }

    private Optional<QuantizedLinear> find() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return QuantizedLayers.of((HfCheckpoint) checkpoint).find("a");
        }
    }
}
