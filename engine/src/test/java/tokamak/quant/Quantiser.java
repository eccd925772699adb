package tokamak.quant;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import tokamak.file.SafetensorsWriter;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * Random layers in the layouts of other programs, written from the formats' descriptions alone, and the weights {@code
 * [out][in]} that they stand for.
 */
final class Quantiser {
    private final SplittableRandom random;
    private final SafetensorsWriter file;
    private final Damage damage;

    /** What becomes of a tensor: another shape, or nothing. Bytes are cut off or filled up with zeros. */
    interface Damage {
        Optional<long[]> shape(String name, DType dtype, long[] shape);
    }

    Quantiser(long seed) {
        this(seed, new SafetensorsWriter(), (name, dtype, shape) -> Optional.of(shape));
    }

    Quantiser(long seed, SafetensorsWriter file, Damage damage) {
        random = new SplittableRandom(seed);
        this.file = file;
        this.damage = damage;
    }

    private void tensor(String name, DType dtype, long[] shape, byte[] bytes) {
        damage.shape(name, dtype, shape)
                .ifPresent(given ->
                        file.tensor(name, dtype, given, Arrays.copyOf(bytes, (int) Tensor.byteSize(dtype, given))));
    }

    SafetensorsWriter file() {
        return file;
    }

    /** A folder with what was added so far. */
    void write(Path folder, String config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
        file.write(folder.resolve("model.safetensors"));
    }

    // ---- layouts ----

    /** @param groupSize inputs per group; groups are mixed up if {@code actOrder} */
    float[][] gptq(String module, int out, int in, int bits, int groupSize, boolean sym, boolean actOrder, int offset) {
        int numGroups = (in + groupSize - 1) / groupSize;
        int[][] codes = codes(out, in, bits);
        float[][] scales = scales(out, numGroups);
        int[][] zeros = zeros(out, numGroups, bits, sym);
        int[] groupOf = IntStream.range(0, in).map(k -> k / groupSize).toArray();
        if (actOrder) {
            shuffle(groupOf);
        }
        int mask = (1 << bits) - 1;
        words(module + ".qweight", stream(in, out, bits, (k, n) -> codes[n][k]), in * bits / 32, out);
        words(
                module + ".qzeros",
                rowStreams(numGroups, out, bits, (g, n) -> zeros[n][g] - offset & mask),
                numGroups,
                -1);
        halves(module + ".scales", numGroups, out, (g, n) -> scales[n][g]);
        words(module + ".g_idx", groupOf, in);
        return values(codes, scales, zeros, groupOf);
    }

    float[][] awqGemm(String module, int out, int in, int groupSize) {
        int numGroups = in / groupSize;
        int[] order = {0, 2, 4, 6, 1, 3, 5, 7};
        int[][] codes = codes(out, in, 4);
        float[][] scales = scales(out, numGroups);
        int[][] zeros = zeros(out, numGroups, 4, false);
        words(module + ".qweight", eights(in, out, order, (k, n) -> codes[n][k]), in, out / 8);
        words(module + ".qzeros", eights(numGroups, out, order, (g, n) -> zeros[n][g]), numGroups, out / 8);
        halves(module + ".scales", numGroups, out, (g, n) -> scales[n][g]);
        return values(codes, scales, zeros, consecutive(in, groupSize));
    }

    float[][] awqGemv(String module, int out, int in, int groupSize) {
        int numGroups = in / groupSize;
        int[] order = {0, 1, 2, 3, 4, 5, 6, 7};
        int multiple = Math.max(1, 128 / groupSize);
        int words = (numGroups + 7) / 8;
        int padded = (words + multiple - 1) / multiple * multiple;
        int[][] codes = codes(out, in, 4);
        float[][] scales = scales(out, numGroups);
        int[][] zeros = zeros(out, numGroups, 4, false);
        words(module + ".qweight", eights(out, in, order, (n, k) -> codes[n][k]), out, in / 8);
        words(
                module + ".qzeros",
                eights(out, padded * 8, order, (n, g) -> g < numGroups ? zeros[n][g] : 0),
                out,
                padded);
        halves(module + ".scales", out, padded * 8, (n, g) -> g < numGroups ? scales[n][g] : 0);
        return values(codes, scales, zeros, consecutive(in, groupSize));
    }

    /** @param gapless codes go on from word to word; else a word holds as many as fit */
    float[][] packed(
            String module, int out, int in, int bits, int groupSize, boolean sym, boolean actOrder, boolean gapless) {
        int numGroups = in / groupSize;
        int[][] codes = codes(out, in, bits);
        float[][] scales = scales(out, numGroups);
        int[][] zeros = zeros(out, numGroups, bits, sym);
        int[] groupOf = consecutive(in, groupSize);
        if (actOrder) {
            shuffle(groupOf);
            words(module + ".weight_g_idx", groupOf, in);
        }
        int[] words = gapless
                ? rowStreams(out, in, bits, (n, k) -> codes[n][k])
                : rowWords(out, in, bits, (n, k) -> codes[n][k]);
        words(module + ".weight_packed", words, out, -1);
        tensor(module + ".weight_shape", DType.I64, new long[] {2}, longs(out, in));
        halves(module + ".weight_scale", out, numGroups, (n, g) -> scales[n][g]);
        if (!sym) {
            int[] down = transposed(
                    gapless
                            ? rowStreams(numGroups, out, bits, (g, n) -> zeros[n][g])
                            : rowWords(numGroups, out, bits, (g, n) -> zeros[n][g]),
                    numGroups);
            words(module + ".weight_zero_point", down, down.length / numGroups, numGroups);
        }
        return values(codes, scales, zeros, groupOf);
    }

    /**
     * Numbers of four bits with scales for 32 (powers of two: MXFP4) or 16 (8-bit floats: NVFP4).
     *
     * @param modelopt its names, and a factor where compressed-tensors has a divisor
     */
    float[][] fourBitFloats(String module, int out, int in, int perScale, boolean modelopt) {
        float[] levels = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
        boolean powers = perScale == 32;
        float[][] values = new float[out][in];
        byte[] nibbles = new byte[out * in / 2];
        byte[] scales = new byte[out * in / perScale];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = (byte) random.nextInt(powers ? 120 : 8, powers ? 134 : 0x7F);
        }
        for (int i = 0; i < out * in; i++) {
            int code = random.nextInt(16);
            nibbles[i / 2] |= (byte) (code << i % 2 * 4);
            int bits = scales[i / perScale] & 0xFF;
            double scale =
                    powers ? Math.pow(2, bits - 127) : 0.25 * (1 + bits % 8 / 8.0) * Math.pow(2, (bits >> 3) - 7);
            values[i / in][i % in] = (float) (scale * levels[code & 7] * (code < 8 ? 1 : -1));
        }
        tensor(module + (modelopt ? ".weight" : ".weight_packed"), DType.U8, new long[] {out, in / 2}, nibbles);
        tensor(module + ".weight_scale", powers ? DType.U8 : DType.F8_E4M3, new long[] {out, in / perScale}, scales);
        if (!powers) {
            floats(
                    module + (modelopt ? ".weight_scale_2" : ".weight_global_scale"),
                    new float[][] {{modelopt ? 0.25f : 4}},
                    1);
        }
        return values;
    }

    /** ModelOpt's INT4 AWQ: two outputs to a byte, and what inputs are multiplied by. */
    float[][] rowPairs(String module, int out, int in, int groupSize) {
        int numGroups = in / groupSize;
        int[][] codes = codes(out, in, 4);
        float[][] scales = scales(out, numGroups);
        float[][] factors = scales(1, in);
        byte[] pairs = new byte[out / 2 * in];
        float[][] values = new float[out][in];
        for (int n = 0; n < out; n++) {
            for (int k = 0; k < in; k++) {
                int code = codes[n][k] - 8;
                pairs[n / 2 * in + k] |= (byte) ((code & 15) << n % 2 * 4);
                values[n][k] = code * scales[n][k / groupSize] * factors[0][k];
            }
        }
        tensor(module + ".weight", DType.U8, new long[] {out / 2, in}, pairs);
        floats(module + ".weight_scale", scales, out, numGroups);
        floats(module + ".pre_quant_scale", factors, in);
        return values;
    }

    /** @param scaleShape of the scales */
    float[][] int8(String module, int out, int in, boolean sym, int... scaleShape) {
        int bands = scaleShape.length == 0 ? 1 : scaleShape[0];
        int[][] codes = codes(out, in, 8);
        float[][] scales = scales(bands, 1);
        int[][] zeros = zeros(bands, 1, 8, sym);
        bytes(module + ".weight", DType.I8, codes, 128);
        floats(module + ".weight_scale", scales, scaleShape);
        if (!sym) {
            bytes(module + ".weight_zero_point", DType.I8, zeros, 128);
        }
        float[][] values = new float[out][in];
        for (int n = 0; n < out; n++) {
            int band = bands == 1 ? 0 : n;
            for (int k = 0; k < in; k++) {
                values[n][k] = scales[band][0] * (codes[n][k] - zeros[band][0]);
            }
        }
        return values;
    }

    /** E4M3 numbers under scales of blocks; a block of everything gives one scale. */
    float[][] fp8(
            String module, String scaleName, int out, int in, int blockRows, int blockColumns, int... scaleShape) {
        int bands = (out + blockRows - 1) / blockRows;
        int groups = (in + blockColumns - 1) / blockColumns;
        int[][] codes = codes(out, in, 8);
        float[][] scales = scales(bands, groups);
        float[][] values = new float[out][in];
        for (int n = 0; n < out; n++) {
            for (int k = 0; k < in; k++) {
                codes[n][k] = (codes[n][k] & 0x7F) == 0x7F ? 0x30 : codes[n][k];
                values[n][k] = scales[n / blockRows][k / blockColumns] * e4m3(codes[n][k]);
            }
        }
        bytes(module + ".weight", DType.F8_E4M3, codes, 0);
        floats(module + scaleName, scales, scaleShape);
        return values;
    }

    private static final double[] NF4 = {
        -1, -0.69619, -0.52507, -0.39492, -0.28444, -0.18477, -0.09105, 0, 0.07958, 0.16093, 0.24611, 0.33792, 0.44071,
        0.56262, 0.72296, 1
    };

    /** bitsandbytes' 4 bits; the largest of each block is quantised again if {@code nested}. */
    float[][] nf4(String module, int out, int in, boolean nested) {
        int numBlocks = out * in / 64;
        int[][] codes = codes(out, in, 4);
        int[][] bytes = new int[out * in / 2][1];
        float[] largest = new float[numBlocks];
        int[][] largestCodes = new int[numBlocks][1];
        float[] table = new float[256];
        float[] nestedLargest = new float[(numBlocks + 255) / 256];
        for (int i = 0; i < 256; i++) {
            table[i] = (i - 128) / 128f;
        }
        for (int i = 0; i < nestedLargest.length; i++) {
            nestedLargest[i] = (float) random.nextDouble(0.01, 0.05);
        }
        for (int i = 0; i < numBlocks; i++) {
            largestCodes[i][0] = random.nextInt(256);
            largest[i] = nested
                    ? table[largestCodes[i][0]] * nestedLargest[i / 256] + 0.06f
                    : (float) random.nextDouble(0.01, 0.1);
        }
        float[][] values = new float[out][in];
        for (int i = 0; i < out * in; i++) {
            int code = codes[i / in][i % in];
            bytes[i / 2][0] |= code << (i % 2 == 0 ? 4 : 0);
            values[i / in][i % in] = (float) (NF4[code] * largest[i / 64]);
        }
        bytes(module + ".weight", DType.U8, bytes, 0);
        float[] map = new float[16];
        for (int i = 0; i < 16; i++) {
            map[i] = (float) NF4[i];
        }
        floats(module + ".weight.quant_map", new float[][] {map}, 16);
        String state = "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"shape\": [" + out + ", " + in + "]"
                + (nested ? ", \"nested_blocksize\": 256, \"nested_offset\": 0.06}" : "}");
        byte[] json = state.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        tensor(module + ".weight.quant_state.bitsandbytes__nf4", DType.U8, new long[] {json.length}, json);
        if (nested) {
            bytes(module + ".weight.absmax", DType.U8, largestCodes, 0);
            floats(module + ".weight.nested_absmax", new float[][] {nestedLargest}, nestedLargest.length);
            floats(module + ".weight.nested_quant_map", new float[][] {table}, 256);
        } else {
            floats(module + ".weight.absmax", new float[][] {largest}, numBlocks);
        }
        return values;
    }

    /** bitsandbytes' 8 bits: the largest of every row beside signed bytes. */
    float[][] largestOfRows(String module, int out, int in) {
        int[][] codes = codes(out, in, 8);
        float[][] largest = scales(1, out);
        bytes(module + ".weight", DType.I8, codes, 128);
        floats(module + ".SCB", largest, out);
        float[][] values = new float[out][in];
        for (int n = 0; n < out; n++) {
            for (int k = 0; k < in; k++) {
                values[n][k] = largest[0][n] / 127 * (codes[n][k] - 128);
            }
        }
        return values;
    }

    static float e4m3(int code) {
        int exponent = code >> 3 & 15;
        float size = exponent == 0 ? (code & 7) * 0x1p-9f : (1 + (code & 7) / 8f) * Math.scalb(1f, exponent - 7);
        return code < 128 ? size : -size;
    }

    // ---- numbers ----

    private int[][] codes(int out, int in, int bits) {
        return grid(out, in, () -> random.nextInt(1 << bits));
    }

    private int[][] zeros(int out, int groups, int bits, boolean sym) {
        int half = 1 << bits - 1;
        int spread = bits == 8 ? 16 : half; // weights of 8 bits whose mean is far from zero would drown all else
        return grid(out, groups, () -> sym ? half : half + random.nextInt(-spread, spread));
    }

    private static int[][] grid(int rows, int columns, java.util.function.IntSupplier number) {
        int[][] grid = new int[rows][columns];
        for (int[] row : grid) {
            for (int i = 0; i < columns; i++) {
                row[i] = number.getAsInt();
            }
        }
        return grid;
    }

    private float[][] scales(int out, int groups) {
        float[][] scales = new float[out][groups];
        for (float[] row : scales) {
            for (int i = 0; i < groups; i++) {
                row[i] = Float.float16ToFloat(Float.floatToFloat16((float) random.nextDouble(0.001, 0.02)));
            }
        }
        return scales;
    }

    private static float[][] values(int[][] codes, float[][] scales, int[][] zeros, int[] groupOf) {
        float[][] values = new float[codes.length][groupOf.length];
        for (int n = 0; n < codes.length; n++) {
            for (int k = 0; k < groupOf.length; k++) {
                int group = groupOf[k];
                values[n][k] = scales[n][group] * (codes[n][k] - zeros[n][group]);
            }
        }
        return values;
    }

    private static int[] consecutive(int in, int groupSize) {
        return IntStream.range(0, in).map(k -> k / groupSize).toArray();
    }

    private void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }

    // ---- bits ----

    private interface Cell {
        int at(int row, int column);
    }

    /** A stream of bits down every column: {@code [rows * bits / 32, columns]}. */
    private static int[] stream(int rows, int columns, int bits, Cell cell) {
        return transposed(rowStreams(columns, rows, bits, (n, k) -> cell.at(k, n)), columns);
    }

    /** A stream of bits along every row, padded to whole words. */
    private static int[] rowStreams(int rows, int columns, int bits, Cell cell) {
        int perRow = (columns * bits + 31) / 32;
        int[] words = new int[rows * perRow];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                for (int b = 0; b < bits; b++) {
                    int bit = column * bits + b;
                    words[row * perRow + bit / 32] |= (cell.at(row, column) >> b & 1) << bit % 32;
                }
            }
        }
        return words;
    }

    /** As many codes per word as fit. */
    private static int[] rowWords(int rows, int columns, int bits, Cell cell) {
        int perWord = 32 / bits;
        int perRow = (columns + perWord - 1) / perWord;
        int[] words = new int[rows * perRow];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                words[row * perRow + column / perWord] |= cell.at(row, column) << column % perWord * bits;
            }
        }
        return words;
    }

    /** Eight codes per word, the one in place i being number {@code order[i]}. */
    private static int[] eights(int rows, int columns, int[] order, Cell cell) {
        int[] words = new int[rows * columns / 8];
        for (int i = 0; i < words.length; i++) {
            for (int nibble = 0; nibble < 8; nibble++) {
                int column = i % (columns / 8) * 8 + order[nibble];
                words[i] |= cell.at(i / (columns / 8), column) << 4 * nibble;
            }
        }
        return words;
    }

    private static int[] transposed(int[] words, int rows) {
        int columns = words.length / rows;
        int[] transposed = new int[words.length];
        for (int i = 0; i < words.length; i++) {
            transposed[i % columns * rows + i / columns] = words[i];
        }
        return transposed;
    }

    // ---- tensors ----

    /** @param shape with -1 for what follows from the others */
    private void words(String name, int[] words, int... shape) {
        ByteBuffer bytes = buffer(4 * words.length);
        IntStream.of(words).forEach(bytes::putInt);
        long[] sizes = IntStream.of(shape).asLongStream().toArray();
        if (sizes[sizes.length - 1] < 0) {
            sizes[sizes.length - 1] = words.length / sizes[0];
        }
        tensor(name, DType.I32, sizes, bytes.array());
    }

    private interface Number {
        float at(int row, int column);
    }

    private void halves(String name, int rows, int columns, Number number) {
        ByteBuffer bytes = buffer(2 * rows * columns);
        for (int i = 0; i < rows * columns; i++) {
            bytes.putShort(Float.floatToFloat16(number.at(i / columns, i % columns)));
        }
        tensor(name, DType.F16, new long[] {rows, columns}, bytes.array());
    }

    private void floats(String name, float[][] values, int... shape) {
        ByteBuffer bytes = buffer(4 * values.length * values[0].length);
        for (float[] row : values) {
            for (float value : row) {
                bytes.putFloat(value);
            }
        }
        tensor(name, DType.F32, IntStream.of(shape).asLongStream().toArray(), bytes.array());
    }

    private void bytes(String name, DType dtype, int[][] codes, int less) {
        ByteBuffer bytes = buffer(codes.length * codes[0].length);
        for (int[] row : codes) {
            for (int code : row) {
                bytes.put((byte) (code - less));
            }
        }
        tensor(name, dtype, new long[] {codes.length, codes[0].length}, bytes.array());
    }

    private static byte[] longs(long... values) {
        ByteBuffer bytes = buffer(8 * values.length);
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
