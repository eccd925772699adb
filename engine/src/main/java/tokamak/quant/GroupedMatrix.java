package tokamak.quant;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.GroupFormat;
import tokamak.tensor.GroupFormat.Kind;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * A quantised matrix whose rows become blocks when they are asked for. Columns are sorted by group where a checkpoint has them
 * apart. Blocks are as long as groups allow; where not even 32 neighbours share a scale, rows are F32.
 */
final class GroupedMatrix implements Matrix {
    /** Float16 has all bits of a bfloat16 scale from here on. */
    private static final float MIN_HALF_SCALE = 0x1p-17f;

    private static final float MAX_HALF_SCALE = 65504;
    private static final float MAX_FLOAT_SCALE = 0x1p7f;

    private final String name;
    private final int rows;
    private final int columns;
    private final Kind kind;
    private final int half;
    private final int blockSize; // 0: F32
    private final Codes codes;
    private final Groups groups;
    private final int @Nullable [] order;
    private final int[] groupOf; // [columns], as ordered
    private final List<Tensor> sources;
    private final float @Nullable [] inputFactors; // [columns], as ordered

    /**
     * @param bits of a code; 8-bit floats have a kind of their own
     * @param sources tensors whose pages are given back after use
     */
    static GroupedMatrix ofIntegers(String name, int rows, int bits, Codes codes, Groups groups, List<Tensor> sources) {
        return new GroupedMatrix(name, rows, kind(bits, groups), 1 << bits - 1, codes, groups, sources, null);
    }

    /** The same, with inputs multiplied by these first. */
    GroupedMatrix withInputFactors(float[] factors) {
        return new GroupedMatrix(name, rows, kind, half, codes, groups, sources, factors);
    }

    /** Codes are E4M3 numbers. */
    static GroupedMatrix ofFloats(String name, int rows, Codes codes, Groups groups, List<Tensor> sources) {
        return new GroupedMatrix(name, rows, Kind.F8, 0, codes, groups, sources, null);
    }

    /** Codes of quantiles of the normal distribution; scales are 127ths of the largest number of a group. */
    static GroupedMatrix ofNormalFloats(String name, int rows, Codes codes, Groups groups, List<Tensor> sources) {
        return new GroupedMatrix(name, rows, Kind.NF4, 0, codes, groups, sources, null);
    }

    private GroupedMatrix(
            String name,
            int rows,
            Kind kind,
            int half,
            Codes codes,
            Groups groups,
            List<Tensor> sources,
            float @Nullable [] factors) {
        this.name = name;
        this.rows = rows;
        this.columns = groups.groupOfColumn().length;
        this.kind = kind;
        this.half = half;
        this.codes = codes;
        this.groups = groups;
        this.sources = sources;
        this.order = sorted(groups.groupOfColumn());
        this.groupOf = order == null ? groups.groupOfColumn() : gather(groups.groupOfColumn(), order);
        this.inputFactors = factors == null || order == null ? factors : gather(factors, order);
        this.blockSize = kind == Kind.F8 && !fitsKernel(groups.scales()) ? 0 : blockSize(groupOf);
    }

    private static Kind kind(int bits, Groups groups) {
        for (float scale : groups.scales()) {
            float size = Math.abs(scale);
            if (size > MAX_HALF_SCALE || size < MIN_HALF_SCALE && size != 0) {
                return Kind.U8; // has a scale of 32 bits
            }
        }
        return switch (bits) {
            case 2 -> Kind.U2;
            case 3 -> Kind.U3;
            case 4 -> groups.zeros() == null ? Kind.I4 : Kind.U4;
            case 8 -> groups.zeros() == null ? Kind.I8 : Kind.U8;
            default -> Kind.U8;
        };
    }

    /** The kernels move the exponents of numbers and scales by 2^120. */
    private static boolean fitsKernel(float[] scales) {
        for (float scale : scales) {
            if (Math.abs(scale) >= MAX_FLOAT_SCALE) {
                return false;
            }
        }
        return true;
    }

    /** Columns by group; null if they are in order already. */
    private static int @Nullable [] sorted(int[] groups) {
        boolean inOrder = IntStream.range(1, groups.length).allMatch(k -> groups[k - 1] <= groups[k]);
        return inOrder
                ? null
                : IntStream.range(0, groups.length)
                        .boxed()
                        .sorted(Comparator.comparingInt(k -> groups[k]))
                        .mapToInt(Integer::intValue)
                        .toArray();
    }

    private static int[] gather(int[] values, int[] order) {
        return IntStream.of(order).map(k -> values[k]).toArray();
    }

    private static float[] gather(float[] values, int[] order) {
        float[] gathered = new float[order.length];
        for (int k = 0; k < order.length; k++) {
            gathered[k] = values[order[k]];
        }
        return gathered;
    }

    private static int blockSize(int[] groups) {
        for (int size = 128; size >= 32; size /= 2) {
            boolean fits = groups.length % size == 0;
            for (int k = 0; fits && k < groups.length; k += size) {
                fits = groups[k] == groups[k + size - 1];
            }
            if (fits) {
                return size;
            }
        }
        return 0;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DType dtype() {
        return blockSize == 0 ? DType.F32 : kind.dtype(blockSize);
    }

    @Override
    public long rows() {
        return rows;
    }

    @Override
    public long columns() {
        return columns;
    }

    @Override
    public int @Nullable [] inputOrder() {
        return order;
    }

    @Override
    public float @Nullable [] inputFactors() {
        return inputFactors;
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        int count = Math.toIntExact(to - from);
        byte[] read = new byte[Math.multiplyExact(count, columns)];
        codes.read((int) from, (int) to, read);
        long rowBytes = dtype().bytes(columns);
        MemorySegment target = arena.allocate(rowBytes * count, 64);
        byte[] ordered = new byte[columns];
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < columns; k++) {
                ordered[k] = read[i * columns + (order == null ? k : order[k])];
            }
            if (blockSize == 0) {
                writeFloats((int) from + i, ordered, target, i * rowBytes);
            } else {
                writeBlocks((int) from + i, ordered, target, i * rowBytes);
            }
        }
        return new Tensor(name, dtype(), new long[] {count, columns}, target);
    }

    private void writeBlocks(int row, byte[] ordered, MemorySegment target, long at) {
        GroupFormat format = new GroupFormat(kind, blockSize);
        int blockBytes = format.dtype().blockBytes();
        for (int k = 0; k < columns; k += blockSize) {
            int group = groupOf[k];
            format.encode(
                    ordered,
                    k,
                    groups.scale(row, group),
                    groups.zero(row, group, half),
                    target,
                    at + (long) k / blockSize * blockBytes);
        }
    }

    private void writeFloats(int row, byte[] ordered, MemorySegment target, long at) {
        float[] numbers = new float[columns];
        if (kind == Kind.F8) {
            Dequantizers.of(DType.F8_E4M3).dequantize(MemorySegment.ofArray(ordered), 0, numbers, 0, columns);
        }
        for (int k = 0; k < columns; k++) {
            int group = groupOf[k];
            float number = switch (kind) {
                case F8 -> numbers[k];
                case NF4 -> GroupFormat.normalFloats()[ordered[k]];
                case I4, I8, U2, U3, U4, U8 -> (ordered[k] & 0xFF) - groups.zero(row, group, half);
            };
            target.set(LittleEndian.FLOAT, at + 4L * k, groups.scale(row, group) * number);
        }
    }

    @Override
    public void unload() {
        sources.forEach(Tensor::unload);
    }

    @Override
    public String toString() {
        return name + " " + dtype() + "[" + rows + ", " + columns + "]";
    }
}
