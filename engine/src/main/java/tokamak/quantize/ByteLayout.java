package tokamak.quantize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.file.SafetensorsOutput.TensorPlan;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFit;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Quantizer;
import tokamak.tensor.Quantizers;

/**
 * The formats {@code int-quantized} and {@code float-quantized} of compressed-tensors: a byte per number and a scale per row;
 * activations are to be rounded as they come, token by token.
 *
 * @param numbers I8 or F8_E4M3
 */
record ByteLayout(DType numbers) implements LinearLayout {
    private static final float MAX_E4M3 = 448;

    @Override
    public boolean fits(long rows, long columns) {
        return true;
    }

    @Override
    public List<TensorPlan> plan(String module, long rows, long columns) {
        return List.of(
                new TensorPlan(module + ".weight", numbers, new long[] {rows, columns}),
                new TensorPlan(module + ".weight_scale", DType.F32, new long[] {rows, 1}));
    }

    @Override
    public Map<String, MemorySegment> encode(
            String module, LinearRows rows, float @Nullable [] importance, Arena arena) {
        MemorySegment bytes = arena.allocate((long) rows.rows() * rows.columns(), 8);
        MemorySegment scales = arena.allocate(4L * rows.rows(), 8);
        rows.forEach(1, (from, to, values) -> {
            for (int row = from; row < to; row++) {
                float scale = numbers == DType.I8
                        ? integers(values, (row - from) * rows.columns(), rows.columns(), bytes, row)
                        : floats(values, (row - from) * rows.columns(), rows.columns(), bytes, row);
                scales.set(LittleEndian.FLOAT, 4L * row, scale);
            }
        });
        return Map.of(module + ".weight", bytes, module + ".weight_scale", scales);
    }

    private static float integers(float[] values, int at, int columns, MemorySegment bytes, int row) {
        GroupFit fit = new GroupFit(columns, DType.F32, null);
        byte[] codes = new byte[columns];
        fit.covering(values, at, columns, 127, codes, 0);
        for (int k = 0; k < columns; k++) {
            bytes.set(ValueLayout.JAVA_BYTE, (long) row * columns + k, (byte) (codes[k] - fit.zero()));
        }
        return fit.scale();
    }

    private static float floats(float[] values, int at, int columns, MemorySegment bytes, int row) {
        float max = 0;
        for (int k = at; k < at + columns; k++) {
            max = Math.max(max, Math.abs(values[k]));
        }
        float scale = max == 0 ? 1 : max / MAX_E4M3;
        for (int k = at; k < at + columns; k++) {
            values[k] /= scale;
        }
        Quantizer writer = Quantizers.of(DType.F8_E4M3).orElseThrow();
        writer.quantize(values, at, columns, bytes, (long) row * columns);
        return scale;
    }

    @Override
    public Map<String, Object> config(Set<String> plainModules) {
        String type = numbers == DType.I8 ? "int" : "float";
        Map<String, Object> activations = CompressedTensors.numbers(type, 8, "token", 0, true);
        activations.remove("actorder");
        return CompressedTensors.config(
                type + "-quantized",
                CompressedTensors.numbers(type, 8, "channel", 0, false),
                activations,
                plainModules);
    }

    @Override
    public @Nullable Rounding rounding() {
        return null;
    }
}
