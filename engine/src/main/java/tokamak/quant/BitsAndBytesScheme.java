package tokamak.quant;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.util.List;
import java.util.Optional;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFormat;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

/**
 * Layers that bitsandbytes has quantised and stored: of 8 bits, signed bytes under {@code SCB}, the largest number of every row;
 * of 4 bits, {@code weight} as nibbles, the first of two high, of all rows in one sequence, with {@code absmax} for every 64, which
 * may be quantised again to bytes under {@code nested_absmax}.
 */
record BitsAndBytesScheme(HfCheckpoint checkpoint) implements Scheme {
    private static final String STATE = ".weight.quant_state.bitsandbytes__";
    private static final int LARGEST_BYTE = 127;

    @Override
    public boolean has(String module) {
        return checkpoint.find(module + ".weight").isPresent();
    }

    @Override
    public Optional<QuantizedLinear> find(String module) throws ModelFormatException {
        Optional<Tensor> weight = checkpoint.find(module + ".weight");
        boolean isCoded = weight.isPresent()
                && (weight.get().dtype() == DType.I8 || weight.get().dtype() == DType.U8);
        if (!isCoded) {
            return Optional.empty();
        }
        Parts parts = new Parts(checkpoint, module);
        GroupedMatrix matrix = weight.get().dtype() == DType.I8 ? bytes(parts) : nibbles(parts);
        return Optional.of(new QuantizedLinear(matrix, parts.used()));
    }

    private static GroupedMatrix bytes(Parts parts) throws ModelFormatException {
        Tensor weight = parts.require(".weight");
        Tensor largest = parts.require(".SCB");
        if (weight.rank() != 2 || weight.count() == 0 || largest.count() != weight.dim(0)) {
            throw parts.error(weight + " and " + largest + ": expected a matrix and a number for each of its rows");
        }
        float[] scales = parts.scales(largest);
        for (int i = 0; i < scales.length; i++) {
            scales[i] /= LARGEST_BYTE;
        }
        int columns = Math.toIntExact(weight.dim(1));
        Groups groups = new Groups(1, 1, new int[columns], scales, null);
        Codes codes = Codes.bytes(weight, (byte) 0x80);
        int rows = Math.toIntExact(weight.dim(0));
        return GroupedMatrix.ofIntegers(weight.name(), rows, 8, codes, groups, List.of(weight, largest));
    }

    private static GroupedMatrix nibbles(Parts parts) throws ModelFormatException {
        if (parts.find(STATE + "nf4").isEmpty()) {
            throw parts.error(
                    "'" + parts.module() + ".weight' has no quant_state of nf4 beside it; other 4-bit numbers of"
                            + " bitsandbytes are not supported");
        }
        Tensor stateTensor = parts.require(STATE + "nf4");
        Metadata state = Metadata.ofJson(stateTensor.name(), stateTensor.data().toArray(JAVA_BYTE));
        long[] shape = state.integers("shape");
        long blockSize = state.integer("blocksize", 64);
        Tensor weight = parts.require(".weight");
        boolean fits = shape.length == 2
                && Math.min(shape[0], shape[1]) > 0
                && Math.max(shape[0], shape[1]) < Integer.MAX_VALUE
                && shape[0] * shape[1] == 2 * weight.count()
                && blockSize > 0
                && shape[1] % blockSize == 0
                && blockSize % 32 == 0;
        if (!fits) {
            throw parts.error(weight + ": expected the nibbles of " + state.describe("shape")
                    + " numbers, whose rows are whole blocks of " + blockSize);
        }
        requireTable(parts);
        int rows = (int) shape[0];
        int columns = (int) shape[1];
        float[] largest = largest(parts, state, Math.toIntExact(shape[0] * shape[1] / blockSize));
        for (int i = 0; i < largest.length; i++) {
            largest[i] /= LARGEST_BYTE;
        }
        int perRow = (int) (columns / blockSize);
        Groups groups = new Groups(1, perRow, Groups.consecutive(columns, (int) blockSize), largest, null);
        return GroupedMatrix.ofNormalFloats(
                weight.name(), rows, Codes.highNibbleFirst(weight, columns), groups, List.of(weight));
    }

    private static void requireTable(Parts parts) throws ModelFormatException {
        Tensor table = parts.require(".weight.quant_map", DType.F32, 16);
        float[] stored = parts.scales(table);
        byte[] known = GroupFormat.normalFloats();
        for (int i = 0; i < known.length; i++) {
            if (Math.abs(stored[i] * LARGEST_BYTE - known[i]) > 0.51f) {
                throw parts.error(table + ": number " + i + " is " + stored[i] + ", which is not that of nf4");
            }
        }
    }

    /** The largest number of every block. */
    private static float[] largest(Parts parts, Metadata state, int numBlocks) throws ModelFormatException {
        Tensor absmax = parts.require(".weight.absmax");
        if (absmax.count() != numBlocks) {
            throw parts.error(absmax + ": expected " + numBlocks + " numbers, one for every block");
        }
        if (absmax.dtype() != DType.U8) {
            return parts.scales(absmax);
        }
        float[] table = parts.scales(parts.require(".weight.nested_quant_map", DType.F32, 256));
        float[] nested = parts.scales(parts.require(".weight.nested_absmax"));
        long nestedSize = state.integer("nested_blocksize", 256);
        double offset = state.number("nested_offset", 0);
        if (nestedSize < 1 || nested.length != (numBlocks + nestedSize - 1) / nestedSize || !Double.isFinite(offset)) {
            throw parts.error("'" + parts.module() + ".weight.nested_absmax' has " + nested.length
                    + " numbers, expected one for every " + nestedSize + " of " + numBlocks + " blocks");
        }
        float[] largest = new float[numBlocks];
        for (int i = 0; i < numBlocks; i++) {
            int code = LittleEndian.u8(absmax.data(), i);
            largest[i] = table[code] * nested[(int) (i / nestedSize)] + (float) offset;
        }
        return largest;
    }
}
