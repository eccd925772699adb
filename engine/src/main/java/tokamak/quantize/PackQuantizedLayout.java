package tokamak.quantize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.file.SafetensorsOutput.TensorPlan;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFit;
import tokamak.tensor.LittleEndian;

/**
 * The format {@code pack-quantized} of compressed-tensors: 4 bits without zero points, eight inputs to a word.
 *
 * @param scaleType the model's own type: readers bring scales into it
 */
record PackQuantizedLayout(int groupSize, DType scaleType) implements LinearLayout {
    @Override
    public boolean fits(long rows, long columns) {
        return columns % groupSize == 0;
    }

    @Override
    public List<TensorPlan> plan(String module, long rows, long columns) {
        return List.of(
                new TensorPlan(module + ".weight_packed", DType.I32, new long[] {rows, columns / 8}),
                new TensorPlan(module + ".weight_scale", scaleType, new long[] {rows, columns / groupSize}),
                new TensorPlan(module + ".weight_shape", DType.I64, new long[] {2}));
    }

    @Override
    public Map<String, MemorySegment> encode(
            String module, LinearRows rows, float @Nullable [] importance, Arena arena) {
        GroupCodes codes = GroupCodes.symmetric(rows, groupSize, scaleType, importance);
        MemorySegment words = arena.allocate(codes.codes.length / 2L, 8);
        codes.packRows(words);
        MemorySegment scales = arena.allocate(scaleType.bytes(codes.scales.length), 8);
        codes.writeScales(scaleType, scales);
        MemorySegment shape = arena.allocateFrom(LittleEndian.LONG, codes.rows, codes.columns);
        return Map.of(
                module + ".weight_packed", words, module + ".weight_scale", scales, module + ".weight_shape", shape);
    }

    @Override
    public Map<String, Object> config(Set<String> plainModules) {
        Map<String, Object> weights = CompressedTensors.numbers("int", 4, "group", groupSize, false);
        return CompressedTensors.config("pack-quantized", weights, null, plainModules);
    }

    @Override
    public Rounding rounding() {
        return this::round;
    }

    private void round(float[] row, float[] importance) {
        GroupFit fit = new GroupFit(groupSize, scaleType, importance);
        byte[] codes = new byte[groupSize];
        for (int column = 0; column < row.length; column += groupSize) {
            fit.symmetric(row, column, groupSize, column, -8, 7, codes, 0);
            for (int i = 0; i < groupSize; i++) {
                row[column + i] = fit.scale() * (codes[i] - 8);
            }
        }
    }
}
