package tokamak.quant;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * Layers with scales beside their numbers, as compressed-tensors, ModelOpt and the FP8 checkpoints of DeepSeek and Qwen have
 * them: {@code weight} of E4M3 or signed bytes, or {@code weight_packed}, and {@code weight_scale} (or {@code weight_scale_inv},
 * which is a factor too) for the whole matrix, every row, groups of a row, or blocks of both.
 */
record ScaledScheme(HfCheckpoint checkpoint, TensorTraits traits) implements Scheme {
    /** What the configuration knows of a module's weights and the tensors don't say. */
    interface TensorTraits {
        Weights of(String module) throws ModelFormatException;
    }

    /**
     * Settings of a module's weights.
     *
     * @param bits of a packed code
     * @param groupSize inputs per group where scales are by group; 0: not said
     * @param blockRows rows and columns of a block where scales are by block; 0: not said
     * @param symmetric whether there are no zero points
     */
    record Weights(int bits, int groupSize, int blockRows, int blockColumns, boolean symmetric) {}

    private static final List<String> SCALE_NAMES = List.of(".weight_scale_inv", ".weight_scale");

    @Override
    public boolean has(String module) {
        return checkpoint.find(module + ".weight_packed").isPresent()
                || checkpoint.find(module + ".weight").isPresent();
    }

    @Override
    public Optional<QuantizedLinear> find(String module) throws ModelFormatException {
        Optional<Tensor> plain = checkpoint.find(module + ".weight");
        boolean packed = checkpoint.find(module + ".weight_packed").isPresent();
        boolean needsScales = plain.isPresent() && needsScales(plain.get());
        if (!packed && !needsScales) {
            return Optional.empty();
        }
        Parts parts = new Parts(checkpoint, module);
        Optional<Tensor> stored = parts.find(".pre_quant_scale");
        float[] factors = stored.isPresent() ? parts.scales(stored.get()) : null;
        Matrix matrix = isNvfp4(parts)
                ? nvfp4(parts, factors)
                : packed && isMicroscaled(parts) ? mxfp4(parts) : grouped(parts, packed, traits.of(module), factors);
        if (stored.isPresent()) {
            Grid.shaped(parts, stored.get(), matrix.columns());
        }
        return Optional.of(new QuantizedLinear(matrix, parts.used()));
    }

    private static GroupedMatrix grouped(Parts parts, boolean packed, Weights weights, float @Nullable [] factors)
            throws ModelFormatException {
        GroupedMatrix matrix = packed ? packed(parts, weights) : scaled(parts, parts.require(".weight"), weights);
        return factors == null || factors.length != matrix.columns() ? matrix : matrix.withInputFactors(factors);
    }

    // ---- numbers of four bits ----

    private static boolean isNvfp4(Parts parts) {
        return parts.find(".weight_global_scale").isPresent()
                || parts.find(".weight_scale_2").isPresent();
    }

    private static boolean isMicroscaled(Parts parts) {
        return parts.find(".weight_packed")
                .filter(packed -> packed.dtype() == DType.U8)
                .isPresent();
    }

    private static Matrix mxfp4(Parts parts) throws ModelFormatException {
        try {
            return MicroscaledMatrix.ofPowers(parts.require(".weight_packed"), parts.require(".weight_scale"));
        } catch (IllegalArgumentException e) {
            throw parts.error(String.valueOf(e.getMessage()));
        }
    }

    /** compressed-tensors divides by the matrix's scale, ModelOpt multiplies by it. */
    private static Matrix nvfp4(Parts parts, float @Nullable [] factors) throws ModelFormatException {
        Optional<Tensor> divisor = parts.find(".weight_global_scale");
        Tensor whole = divisor.isPresent() ? divisor.get() : parts.require(".weight_scale_2");
        float stored = whole.count() == 1 ? parts.scales(whole)[0] : 0;
        float factor = divisor.isPresent() ? 1 / stored : stored;
        if (whole.count() != 1 || !Float.isFinite(factor)) {
            throw parts.error(whole + ": expected one number that is a scale, found " + stored);
        }
        Tensor nibbles = divisor.isPresent() ? parts.require(".weight_packed") : parts.require(".weight");
        Tensor scales = parts.require(".weight_scale");
        for (byte code : scales.data().toArray(JAVA_BYTE)) {
            if (code < 0 || code == 0x7F) {
                throw parts.error(scales + ": holds scales that are no positive numbers; the file may be damaged");
            }
        }
        if (nibbles.columns() % 32 != 0) {
            throw parts.error(nibbles + ": NVFP4 weights of " + 2 * nibbles.columns()
                    + " inputs are not supported; multiples of 64 are");
        }
        try {
            MicroscaledMatrix matrix = MicroscaledMatrix.ofFloats(nibbles, scales, factor);
            return factors == null || factors.length != matrix.columns() ? matrix : matrix.withInputFactors(factors);
        } catch (IllegalArgumentException e) {
            throw parts.error(String.valueOf(e.getMessage()));
        }
    }

    /** A stack of experts {@code [numExperts, out, in]}, whose scales are stacked alike. */
    List<QuantizedLinear> split(Tensor stack) throws ModelFormatException {
        if (!needsScales(stack)) {
            return List.of();
        }
        String name = stack.name().endsWith(".weight")
                ? stack.name().substring(0, stack.name().length() - ".weight".length())
                : stack.name();
        Parts parts = new Parts(checkpoint, name);
        Optional<Tensor> found = Stream.concat(Stream.of("_scale_inv", "_scale"), SCALE_NAMES.stream())
                .map(parts::find)
                .flatMap(Optional::stream)
                .findFirst();
        Tensor scale = found.isPresent() ? found.get() : parts.require("_scale");
        long numExperts = stack.dim(0);
        if (scale.rank() == 0 || scale.dim(0) != numExperts) {
            throw parts.error(scale + ": expected scales for each of " + numExperts + " experts");
        }
        List<QuantizedLinear> experts = new ArrayList<>();
        for (long e = 0; e < numExperts; e++) {
            Tensor weight = stack.slice(e, e + 1).reshape(stack.dim(1), stack.dim(2));
            long[] shape = scale.shape();
            Tensor own = scale.slice(e, e + 1)
                    .reshape(shape.length == 1 ? new long[] {1} : Arrays.copyOfRange(shape, 1, shape.length));
            experts.add(new QuantizedLinear(scaled(parts, weight, own, traits.of(name)), parts.used()));
        }
        return experts;
    }

    private static boolean needsScales(Tensor tensor) {
        return switch (tensor.dtype()) {
            case F8_E4M3, F8_E5M2, I8, U8 -> true;
            default -> false;
        };
    }

    // ---- a byte per number ----

    private static GroupedMatrix scaled(Parts parts, Tensor weight, Weights weights) throws ModelFormatException {
        if (weight.rank() != 2 || weight.count() == 0) {
            throw parts.error(weight + ": expected a matrix");
        }
        Optional<Tensor> scale =
                SCALE_NAMES.stream().map(parts::find).flatMap(Optional::stream).findFirst();
        if (scale.isEmpty()) {
            parts.require(".weight_scale");
        }
        return weights.bits() == 4 && weight.dtype() != DType.F8_E4M3
                ? pairs(parts, weight, scale.orElseThrow(), weights)
                : scaled(parts, weight, scale.orElseThrow(), weights);
    }

    /** ModelOpt's 4-bit weights: two outputs to a byte, or two inputs where the number of scales says so. */
    private static GroupedMatrix pairs(Parts parts, Tensor weight, Tensor scale, Weights weights)
            throws ModelFormatException {
        boolean outputs = scale.rank() > 0 && scale.dim(0) == 2 * weight.dim(0);
        int rows = Math.toIntExact(outputs ? 2 * weight.dim(0) : weight.dim(0));
        int columns = Math.toIntExact(outputs ? weight.dim(1) : 2 * weight.dim(1));
        Groups groups = Shape.of(parts, scale, rows, columns, weights).groups(columns, parts.scales(scale), null);
        Codes codes = outputs ? Codes.rowPairs(weight, columns) : Codes.columnPairs(weight, columns);
        return GroupedMatrix.ofIntegers(weight.name(), rows, 4, codes, groups, List.of(weight, scale));
    }

    private static GroupedMatrix scaled(Parts parts, Tensor weight, Tensor scale, Weights weights)
            throws ModelFormatException {
        int rows = Math.toIntExact(weight.dim(0));
        int columns = Math.toIntExact(weight.dim(1));
        float[] scales = parts.scales(powers(scale));
        Shape shape = Shape.of(parts, scale, rows, columns, weights);
        List<Tensor> sources = List.of(weight, scale);
        return switch (weight.dtype()) {
            case F8_E4M3 -> {
                requireNumbers(parts, weight);
                Groups groups = shape.groups(columns, scales, null);
                yield GroupedMatrix.ofFloats(weight.name(), rows, Codes.bytes(weight, (byte) 0), groups, sources);
            }
            case I8 -> {
                byte[] zeros = signedZeros(parts, scales.length, weights.symmetric());
                Groups groups = shape.groups(columns, scales, zeros);
                Codes codes = Codes.bytes(weight, (byte) 0x80);
                yield GroupedMatrix.ofIntegers(weight.name(), rows, 8, codes, groups, sources);
            }
            default -> throw parts.error(weight + ": weights of this type with scales beside them are not supported");
        };
    }

    /** Scales of a byte each are powers of two. */
    private static Tensor powers(Tensor scale) {
        return scale.dtype() == DType.U8 ? new Tensor(scale.name(), DType.F8_E8M0, scale.shape(), scale.data()) : scale;
    }

    private static void requireNumbers(Parts parts, Tensor weight) throws ModelFormatException {
        if (Codes.holdsNan(weight.data())) {
            throw parts.error(weight + ": holds codes that are not numbers; the file may be damaged");
        }
    }

    /** Zero points of signed bytes, as those of unsigned ones; null if they are all zero. */
    private static byte @Nullable [] signedZeros(Parts parts, int expected, boolean symmetric)
            throws ModelFormatException {
        Optional<Tensor> tensor = parts.find(".weight_zero_point");
        if (tensor.isEmpty()) {
            if (!symmetric) {
                parts.require(".weight_zero_point");
            }
            return null;
        }
        if (tensor.get().dtype() != DType.I8 || tensor.get().count() != expected) {
            throw parts.error(tensor.get() + ": expected " + expected + " zero points of I8, one for every scale");
        }
        byte[] zeros = tensor.get().data().toArray(JAVA_BYTE);
        for (int i = 0; i < zeros.length; i++) {
            zeros[i] ^= (byte) 0x80;
        }
        return Groups.unlessAll(zeros, 128);
    }

    // ---- packed codes ----

    private static GroupedMatrix packed(Parts parts, Weights weights) throws ModelFormatException {
        Tensor words = parts.words(".weight_packed");
        Tensor shapeTensor = parts.require(".weight_shape");
        if (shapeTensor.count() != 2 || shapeTensor.dtype() != DType.I64 && shapeTensor.dtype() != DType.I32) {
            throw parts.error(shapeTensor + ": expected two integers");
        }
        long[] sizes = sizes(shapeTensor);
        if (sizes[0] < 1
                || sizes[1] < 1
                || sizes[0] * sizes[1] / sizes[0] != sizes[1]
                || sizes[1] > words.dim(1) * 32) {
            throw parts.error(shapeTensor + ": says " + Arrays.toString(sizes) + ", which does not fit " + words);
        }
        int rows = Math.toIntExact(Math.min(sizes[0], Integer.MAX_VALUE));
        int columns = Math.toIntExact(sizes[1]);
        int bits = weights.bits();
        long dense = ((long) columns * bits + 31) / 32;
        long padded = (columns + 32L / bits - 1) / (32 / bits);
        long found = words.dim(1);
        if (words.dim(0) != rows || found != dense && found != padded) {
            throw parts.error(words + ": expected [" + rows + ", " + dense + "] for " + rows + " rows of " + columns
                    + " codes of " + bits + " bits");
        }
        Tensor scale = parts.require(".weight_scale");
        float[] scales = parts.scales(scale);
        Shape shape = Shape.of(parts, scale, rows, columns, weights);
        byte[] zeros = packedZeros(parts, shape.numBands(rows), shape.numGroups(), weights, found == dense);
        Optional<Tensor> stored = parts.find(".weight_g_idx");
        Groups groups = shape.groups(columns, scales, zeros);
        if (stored.isPresent()) {
            groups = groups.reordered(groupsOf(parts, stored.get(), columns, shape.numGroups()));
        }
        Codes codes = Codes.packedAlong(words, bits, columns, found == dense ? 0 : 32 / bits);
        return GroupedMatrix.ofIntegers(words.name(), rows, bits, codes, groups, List.of(words, scale));
    }

    private static long[] sizes(Tensor shape) {
        return shape.dtype() == DType.I64
                ? shape.data().toArray(LittleEndian.LONG)
                : Arrays.stream(shape.data().toArray(LittleEndian.INT))
                        .asLongStream()
                        .toArray();
    }

    private static int[] groupsOf(Parts parts, Tensor tensor, int columns, int numGroups) throws ModelFormatException {
        int[] groups = parts.integers(Grid.shaped(parts, tensor, columns));
        for (int group : groups) {
            if (group < 0 || group >= numGroups) {
                throw parts.error(tensor + ": names group " + group + " of " + numGroups);
            }
        }
        return groups;
    }

    /** Zero points packed down the rows, or a signed byte each. */
    private static byte @Nullable [] packedZeros(
            Parts parts, int bands, int numGroups, Weights weights, boolean gapless) throws ModelFormatException {
        int bits = weights.bits();
        int half = 1 << bits - 1;
        Optional<Tensor> tensor = parts.find(".weight_zero_point");
        if (tensor.isEmpty()) {
            if (!weights.symmetric()) {
                parts.require(".weight_zero_point");
            }
            return null;
        }
        byte[] zeros = new byte[bands * numGroups];
        if (tensor.get().dtype() == DType.I8 && tensor.get().count() == zeros.length) {
            float[] signed = Parts.floats(tensor.get());
            for (int i = 0; i < zeros.length; i++) {
                zeros[i] = (byte) ((int) signed[i] + half);
            }
            return Groups.unlessAll(zeros, half);
        }
        int perWord = 32 / bits;
        int numWords = gapless ? (int) (((long) bands * bits + 31) / 32) : (bands + perWord - 1) / perWord;
        Tensor words = parts.require(".weight_zero_point", DType.I32, numWords, numGroups);
        int[] packed = parts.integers(words);
        int[] column = new int[numWords];
        for (int group = 0; group < numGroups; group++) {
            for (int i = 0; i < column.length; i++) {
                column[i] = packed[i * numGroups + group];
            }
            for (int band = 0; band < bands; band++) {
                int zero = gapless
                        ? Grid.code(column, 0, band, bits)
                        : column[band / perWord] >>> band % perWord * bits & (1 << bits) - 1;
                zeros[band * numGroups + group] = (byte) zero;
            }
        }
        return Groups.unlessAll(zeros, half);
    }

    /** How scales are spread over a matrix. */
    record Shape(int rowsPerBand, int columnsPerGroup, int numGroups) {
        /** What the shape of the scales means. */
        static Shape of(Parts parts, Tensor scale, int rows, int columns, Weights weights) throws ModelFormatException {
            if (scale.count() == 1) {
                return new Shape(rows, columns, 1);
            }
            if (scale.count() == rows && (scale.rank() == 1 || scale.dim(0) == rows)) {
                return new Shape(1, columns, 1);
            }
            if (scale.rank() == 2 && scale.dim(0) == rows && weights.blockRows() <= 1) {
                return byGroup(parts, scale, columns, weights.groupSize());
            }
            if (scale.rank() == 2) {
                return byBlock(parts, scale, rows, columns, weights);
            }
            throw parts.error(scale + ": expected a scale for all, for each of " + rows + " rows, or for blocks of "
                    + parts.module());
        }

        private static Shape byGroup(Parts parts, Tensor scale, int columns, int configured)
                throws ModelFormatException {
            int numGroups = Math.toIntExact(scale.dim(1));
            int size = configured > 0 ? configured : columns / Math.max(1, numGroups);
            if (size < 1 || columns % size != 0 || columns / size != numGroups) {
                throw parts.error(scale + ": " + numGroups + " groups of " + size + " do not divide the " + columns
                        + " inputs of '" + parts.module() + "'");
            }
            return new Shape(1, size, numGroups);
        }

        private static Shape byBlock(Parts parts, Tensor scale, int rows, int columns, Weights weights)
                throws ModelFormatException {
            int blockRows = weights.blockRows() > 0 ? weights.blockRows() : 128;
            int blockColumns = weights.blockColumns() > 0 ? weights.blockColumns() : 128;
            int bands = (rows + blockRows - 1) / blockRows;
            int numGroups = (columns + blockColumns - 1) / blockColumns;
            if (scale.dim(0) != bands || scale.dim(1) != numGroups) {
                throw parts.error(scale + ": expected [" + bands + ", " + numGroups + "] for blocks of " + blockRows
                        + " x " + blockColumns + " of " + rows + " x " + columns);
            }
            return new Shape(blockRows, blockColumns, numGroups);
        }

        int numBands(int rows) {
            return (rows + rowsPerBand - 1) / rowsPerBand;
        }

        Groups groups(int columns, float[] scales, byte @Nullable [] zeros) {
            return new Groups(rowsPerBand, numGroups, Groups.consecutive(columns, columnsPerGroup), scales, zeros);
        }
    }
}
