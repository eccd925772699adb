package tokamak.quantize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tokamak.file.SafetensorsOutput.TensorPlan;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Quantizer;
import tokamak.tensor.Quantizers;

/** FP8 as DeepSeek and Qwen publish it: E4M3 numbers, and a factor for every block of 128 rows and columns. */
record BlockFloatLayout() implements LinearLayout {
    private static final int BLOCK = 128;
    private static final float MAX_E4M3 = 448;

    /** Programs that make one layer of several want whole blocks of each. */
    @Override
    public boolean fits(long rows, long columns) {
        return rows % BLOCK == 0 && columns % BLOCK == 0;
    }

    @Override
    public List<TensorPlan> plan(String module, long rows, long columns) {
        return List.of(
                new TensorPlan(module + ".weight", DType.F8_E4M3, new long[] {rows, columns}),
                new TensorPlan(module + ".weight_scale_inv", DType.F32, new long[] {rows / BLOCK, columns / BLOCK}));
    }

    @Override
    public Map<String, MemorySegment> encode(
            String module, LinearRows rows, float @Nullable [] importance, Arena arena) {
        int columns = rows.columns();
        MemorySegment bytes = arena.allocate((long) rows.rows() * columns, 8);
        MemorySegment scales = arena.allocate(4L * (rows.rows() / BLOCK) * (columns / BLOCK), 8);
        Quantizer writer = Quantizers.of(DType.F8_E4M3).orElseThrow();
        rows.forEach(BLOCK, (from, to, values) -> {
            for (int row = from; row < to; row += BLOCK) {
                for (int column = 0; column < columns; column += BLOCK) {
                    float scale = scale(values, (row - from) * columns + column, columns);
                    long block = (long) row / BLOCK * (columns / BLOCK) + column / BLOCK;
                    scales.set(LittleEndian.FLOAT, 4 * block, scale);
                }
            }
            writer.quantize(values, 0, values.length, bytes, (long) from * columns);
        });
        return Map.of(module + ".weight", bytes, module + ".weight_scale_inv", scales);
    }

    /** Divides the numbers of a block by its scale. */
    private static float scale(float[] values, int at, int columns) {
        float max = 0;
        for (int row = 0; row < BLOCK; row++) {
            for (int k = 0; k < BLOCK; k++) {
                max = Math.max(max, Math.abs(values[at + row * columns + k]));
            }
        }
        float scale = max == 0 ? 1 : max / MAX_E4M3;
        for (int row = 0; row < BLOCK; row++) {
            for (int k = 0; k < BLOCK; k++) {
                values[at + row * columns + k] /= scale;
            }
        }
        return scale;
    }

    @Override
    public Map<String, Object> config(Set<String> plainModules) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("quant_method", "fp8");
        config.put("fmt", "e4m3");
        config.put("activation_scheme", "dynamic");
        config.put("weight_block_size", List.of(BLOCK, BLOCK));
        Set<String> named = new TreeSet<>(plainModules);
        named.add("lm_head");
        config.put("modules_to_not_convert", List.copyOf(named));
        return config;
    }

    @Override
    public @Nullable Rounding rounding() {
        return null;
    }
}
