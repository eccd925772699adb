package tokamak.quant;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * Numbers of four bits (E2M1) whose scales stand apart, as blocks of GGUF's kind when rows are asked for: {@code nibbles [rows,
 * columns / 2]} hold two neighbours in a byte, the first in the lower half; {@code scales [rows, columns / 32]} are powers of
 * two (MXFP4) or {@code [rows, columns / 16]} 8-bit floats (NVFP4).
 */
public final class MicroscaledMatrix implements Matrix {
    private final Tensor nibbles;
    private final Tensor scales;
    private final DType dtype;
    private final int perScale;
    private final float @Nullable [] factors;

    private MicroscaledMatrix(Tensor nibbles, Tensor scales, DType dtype, int perScale, float @Nullable [] factors) {
        this.nibbles = nibbles;
        this.scales = scales;
        this.dtype = dtype;
        this.perScale = perScale;
        this.factors = factors;
    }

    /**
     * MXFP4.
     *
     * @throws IllegalArgumentException if the shapes do not go together
     */
    public static MicroscaledMatrix ofPowers(Tensor nibbles, Tensor scales) {
        return new MicroscaledMatrix(nibbles, checked(nibbles, scales, 32), DType.MXFP4, 32, null);
    }

    /** NVFP4; {@code factor} is the whole matrix's scale, by which inputs are multiplied instead. */
    static MicroscaledMatrix ofFloats(Tensor nibbles, Tensor scales, float factor) {
        float[] factors = new float[Math.toIntExact(2 * nibbles.dim(1))];
        Arrays.fill(factors, factor);
        return new MicroscaledMatrix(nibbles, checked(nibbles, scales, 16), DType.NVFP4, 16, factors);
    }

    /** The same, with inputs multiplied by these, too. */
    MicroscaledMatrix withInputFactors(float[] more) {
        float[] both = more.clone();
        for (int k = 0; factors != null && k < both.length; k++) {
            both[k] *= factors[k];
        }
        return new MicroscaledMatrix(nibbles, scales, dtype, perScale, both);
    }

    private static Tensor checked(Tensor nibbles, Tensor scales, int perScale) {
        boolean fits = nibbles.rank() == 2
                && scales.rank() == 2
                && nibbles.dtype().blockBytes() == 1
                && scales.dtype().blockBytes() == 1
                && nibbles.count() > 0
                && scales.dim(0) == nibbles.dim(0)
                && scales.dim(1) * perScale == 2 * nibbles.dim(1);
        if (!fits) {
            throw new IllegalArgumentException(
                    nibbles + " and " + scales + " are not numbers of 4 bits with a scale for each " + perScale);
        }
        return scales;
    }

    @Override
    public String name() {
        return nibbles.name();
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public long rows() {
        return nibbles.dim(0);
    }

    @Override
    public long columns() {
        return 2 * nibbles.dim(1);
    }

    @Override
    public float @Nullable [] inputFactors() {
        return factors;
    }

    @Override
    public Tensor rows(long from, long to, Arena arena) {
        long numScales = (to - from) * scales.dim(1);
        int scalesPerBlock = dtype.blockSize() / perScale;
        MemorySegment target = arena.allocate(dtype.bytes((to - from) * columns()), 64);
        for (long i = 0; i < numScales; i++) {
            long source = from * scales.dim(1) + i;
            long block = i / scalesPerBlock * dtype.blockBytes();
            int run = (int) (i % scalesPerBlock);
            target.set(JAVA_BYTE, block + run, scales.data().get(JAVA_BYTE, source));
            writeRun(source * perScale / 2, target, block + scalesPerBlock + (long) run * perScale / 2);
        }
        return new Tensor(name(), dtype, new long[] {to - from, columns()}, target);
    }

    /** Neighbours to numbers half a run apart. */
    private void writeRun(long from, MemorySegment target, long to) {
        int half = perScale / 2;
        for (int i = 0; i < half; i++) {
            target.set(JAVA_BYTE, to + i, (byte) (nibble(from, i) | nibble(from, half + i) << 4));
        }
    }

    private int nibble(long from, int index) {
        return nibbles.data().get(JAVA_BYTE, from + index / 2) >> index % 2 * 4 & 15;
    }

    @Override
    public void unload() {
        nibbles.unload();
        scales.unload();
    }
}
