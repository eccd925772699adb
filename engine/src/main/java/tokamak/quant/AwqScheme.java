package tokamak.quant;

import java.util.Optional;
import java.util.function.IntBinaryOperator;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * AutoAWQ's 4-bit layers: {@code qweight}, {@code scales} and {@code qzeros}, in its layouts GEMM ({@code [in, out / 8]}, eight
 * outputs to a word) and GEMV ({@code [out, in / 8]}, eight inputs to a word).
 */
record AwqScheme(HfCheckpoint checkpoint, boolean gemm, int groupSize, boolean zeroPoint) implements Scheme {
    private static final int BITS = 4;
    private static final int PER_WORD = 8;
    private static final int HALF = 8;

    /** Output i of eight lies in this nibble of a GEMM word: the inverse of 0, 2, 4, 6, 1, 3, 5, 7. */
    private static final int[] NIBBLE_OF_ROW = {0, 4, 1, 5, 2, 6, 3, 7};

    static AwqScheme of(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        String version = layout(config.string("version", "gemm").toLowerCase(java.util.Locale.ROOT));
        long bits = config.integer("bits", config.integer("w_bit", BITS));
        if (bits != BITS || !version.equals("gemm") && !version.equals("gemv")) {
            throw new ModelFormatException(config.source() + ": AWQ weights of " + bits + " bits in the layout '"
                    + version + "' are not supported; 4 bits in the layouts 'gemm' and 'gemv' are");
        }
        int groupSize = Math.toIntExact(config.integer("group_size", config.integer("q_group_size", 128)));
        return new AwqScheme(checkpoint, version.equals("gemm"), groupSize, config.flag("zero_point", true));
    }

    /** Some versions name the program that multiplies, over weights that lie as for another. */
    private static String layout(String version) {
        return switch (version) {
            case "exllama", "ipex" -> "gemm";
            default -> version;
        };
    }

    static int shift(int row) {
        return BITS * NIBBLE_OF_ROW[row % PER_WORD];
    }

    @Override
    public boolean has(String module) {
        return Parts.hasWords(checkpoint, module);
    }

    @Override
    public Optional<QuantizedLinear> find(String module) throws ModelFormatException {
        if (!has(module)) {
            return Optional.empty();
        }
        Parts parts = new Parts(checkpoint, module);
        GroupedMatrix matrix = gemm ? gemm(parts) : gemv(parts);
        return Optional.of(new QuantizedLinear(matrix, parts.used()));
    }

    private GroupedMatrix gemm(Parts parts) throws ModelFormatException {
        Tensor words = parts.words(".qweight");
        int columns = Math.toIntExact(words.dim(0));
        int rows = Math.toIntExact(words.dim(1) * PER_WORD);
        int size = Grid.groupSize(parts, columns, groupSize);
        int numGroups = (columns + size - 1) / size;
        Tensor scaleTensor = Grid.shaped(parts, parts.require(".scales"), numGroups, rows);
        float[] scales = Grid.transpose(parts.scales(scaleTensor), numGroups, rows);
        byte[] zeros = null;
        if (hasZeros(parts)) {
            int[] packed = parts.integers(parts.require(".qzeros", DType.I32, numGroups, rows / PER_WORD));
            zeros = zeros(
                    rows, numGroups, (row, group) -> packed[group * (rows / PER_WORD) + row / PER_WORD] >>> shift(row));
        }
        Groups groups = new Groups(1, numGroups, Groups.consecutive(columns, size), scales, zeros);
        Codes codes = Codes.interleaved(words, columns);
        return GroupedMatrix.ofIntegers(words.name(), rows, BITS, codes, groups, parts.tensors());
    }

    private GroupedMatrix gemv(Parts parts) throws ModelFormatException {
        Tensor words = parts.words(".qweight");
        int rows = Math.toIntExact(words.dim(0));
        int columns = Math.toIntExact(words.dim(1) * PER_WORD);
        int size = Grid.groupSize(parts, columns, groupSize);
        int numGroups = (columns + size - 1) / size;
        Tensor scaleTensor = parts.require(".scales");
        if (scaleTensor.rank() != 2 || scaleTensor.dim(0) != rows || scaleTensor.dim(1) < numGroups) {
            throw parts.error(scaleTensor + ": expected [" + rows + ", at least " + numGroups + "]");
        }
        int stored = Math.toIntExact(scaleTensor.dim(1));
        float[] all = parts.scales(scaleTensor);
        float[] scales = new float[rows * numGroups];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(all, row * stored, scales, row * numGroups, numGroups);
        }
        byte[] zeros = null;
        if (hasZeros(parts)) {
            Tensor tensor = parts.require(".qzeros");
            if (tensor.rank() != 2 || tensor.dim(0) != rows || tensor.dim(1) * PER_WORD < numGroups) {
                throw parts.error(tensor + ": expected [" + rows + ", at least " + numGroups + " / 8]");
            }
            int[] packed = parts.integers(tensor);
            int perRow = Math.toIntExact(tensor.dim(1));
            zeros = zeros(
                    rows,
                    numGroups,
                    (row, group) -> packed[row * perRow + group / PER_WORD] >>> BITS * (group % PER_WORD));
        }
        Groups groups = new Groups(1, numGroups, Groups.consecutive(columns, size), scales, zeros);
        Codes codes = Codes.packedAlong(words, BITS, columns, 0);
        return GroupedMatrix.ofIntegers(words.name(), rows, BITS, codes, groups, parts.tensors());
    }

    /** @throws ModelFormatException if they should be there and aren't */
    private boolean hasZeros(Parts parts) throws ModelFormatException {
        if (zeroPoint) {
            parts.require(".qzeros");
        }
        return parts.find(".qzeros").isPresent();
    }

    /**
     * Zero points {@code [rows, numGroups]}; null where they say nothing. Checkpoints without zero points may carry zeros that were
     * never filled in.
     *
     * @param word of a row and a group, with the code in its lowest bits
     */
    private byte @Nullable [] zeros(int rows, int numGroups, IntBinaryOperator word) {
        byte[] zeros = new byte[rows * numGroups];
        for (int row = 0; row < rows; row++) {
            for (int group = 0; group < numGroups; group++) {
                zeros[row * numGroups + group] = (byte) (word.applyAsInt(row, group) & 15);
            }
        }
        boolean unset = !zeroPoint && Groups.unlessAll(zeros, 0) == null;
        return unset ? null : Groups.unlessAll(zeros, HALF);
    }
}
