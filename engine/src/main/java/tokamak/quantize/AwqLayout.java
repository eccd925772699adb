package tokamak.quantize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.file.SafetensorsOutput.TensorPlan;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFit;
import tokamak.tensor.LittleEndian;

/** AutoAWQ's layout GEMM: 4 bits with zero points, inputs first, eight outputs to a word. */
record AwqLayout(int groupSize) implements LinearLayout {
    private static final int PER_WORD = 8;

    /** Of eight outputs, the nibble of each: nibbles from low to high hold outputs 0, 2, 4, 6, 1, 3, 5, 7. */
    private static final int[] NIBBLE_OF_ROW = {0, 4, 1, 5, 2, 6, 3, 7};

    @Override
    public boolean fits(long rows, long columns) {
        return rows % PER_WORD == 0 && columns % groupSize == 0;
    }

    @Override
    public List<TensorPlan> plan(String module, long rows, long columns) {
        long numGroups = columns / groupSize;
        return List.of(
                new TensorPlan(module + ".qweight", DType.I32, new long[] {columns, rows / PER_WORD}),
                new TensorPlan(module + ".qzeros", DType.I32, new long[] {numGroups, rows / PER_WORD}),
                new TensorPlan(module + ".scales", DType.F16, new long[] {numGroups, rows}));
    }

    @Override
    public Map<String, MemorySegment> encode(
            String module, LinearRows rows, float @Nullable [] importance, Arena arena) {
        GroupCodes codes = GroupCodes.affine(rows, groupSize, DType.F16, importance);
        MemorySegment scales = arena.allocate(2L * codes.scales.length, 8);
        for (int row = 0; row < codes.rows; row++) {
            for (int group = 0; group < codes.numGroups; group++) {
                short half = Float.floatToFloat16(codes.scales[row * codes.numGroups + group]);
                scales.set(LittleEndian.SHORT, 2L * ((long) group * codes.rows + row), half);
            }
        }
        return Map.of(
                module + ".qweight", interleaved(codes.codes, codes.rows, codes.columns, arena),
                module + ".qzeros", interleaved(codes.zeros, codes.rows, codes.numGroups, arena),
                module + ".scales", scales);
    }

    /** {@code [rows, columns]} to words {@code [columns, rows / 8]}. */
    private static MemorySegment interleaved(byte[] codes, int rows, int columns, Arena arena) {
        int wordsPerColumn = rows / PER_WORD;
        MemorySegment words = arena.allocate(4L * columns * wordsPerColumn, 8);
        IntStream.range(0, wordsPerColumn).parallel().forEach(eight -> {
            for (int column = 0; column < columns; column++) {
                int word = 0;
                for (int j = 0; j < PER_WORD; j++) {
                    word |= codes[(PER_WORD * eight + j) * columns + column] << 4 * NIBBLE_OF_ROW[j];
                }
                words.set(LittleEndian.INT, 4L * ((long) column * wordsPerColumn + eight), word);
            }
        });
        return words;
    }

    @Override
    public Map<String, Object> config(Set<String> plainModules) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("quant_method", "awq");
        config.put("version", "gemm");
        config.put("bits", 4);
        config.put("group_size", groupSize);
        config.put("zero_point", true);
        // Readers of this method leave the output matrix alone anyway, and its own tool does not name it.
        Set<String> named = new TreeSet<>(plainModules);
        named.remove("lm_head");
        config.put("modules_to_not_convert", named.isEmpty() ? null : List.copyOf(named));
        return config;
    }

    @Override
    public Rounding rounding() {
        return this::round;
    }

    private void round(float[] row, float[] importance) {
        GroupFit fit = new GroupFit(groupSize, DType.F16, importance);
        byte[] codes = new byte[groupSize];
        for (int column = 0; column < row.length; column += groupSize) {
            fit.affine(row, column, groupSize, column, 15, codes, 0);
            for (int i = 0; i < groupSize; i++) {
                row[column + i] = fit.scale() * (codes[i] - fit.zero());
            }
        }
    }
}
