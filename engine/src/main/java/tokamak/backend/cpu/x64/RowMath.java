package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** What is done to rows of activations, by machine code: the typed face of {@link RowKernels}. Indices count floats. */
public final class RowMath {
    private record NormKey(boolean weighted) {}

    private record AddKey() {}

    private record GateKey(RowKernels.Gate gate) {}

    private record ActivateKey(RowKernels.Gate gate) {}

    private record HalvesKey(Width width) {}

    private record NeighboursKey(Width width) {}

    private final Width width;
    private final Routine norm;
    private final Routine weightedNorm;
    private final Routine addScaled;
    private final Routine silu;
    private final Routine geluTanh;
    private final Routine sigmoid;
    private final Routine plainSilu;
    private final Routine plainGeluTanh;
    private final Routine[] halves; // [widths]
    private final Routine[] neighbours; // [widths]

    public RowMath(Kernels kernels) {
        OperatingSystem system = kernels.system();
        width = kernels.isa().width();
        norm = kernels.routine(new NormKey(false), key -> RowKernels.rmsNorm(width, system, key.weighted()));
        weightedNorm = kernels.routine(new NormKey(true), key -> RowKernels.rmsNorm(width, system, key.weighted()));
        addScaled = kernels.routine(new AddKey(), _ -> RowKernels.addScaled(width, system));
        silu = gate(kernels, RowKernels.Gate.SILU);
        geluTanh = gate(kernels, RowKernels.Gate.GELU_TANH);
        sigmoid = gate(kernels, RowKernels.Gate.SIGMOID);
        plainSilu = activation(kernels, RowKernels.Gate.SILU);
        plainGeluTanh = activation(kernels, RowKernels.Gate.GELU_TANH);
        halves = new Routine[width.ordinal() + 1];
        neighbours = new Routine[width.ordinal() + 1];
        for (int i = Width.Y.ordinal(); i <= width.ordinal(); i++) {
            Width rotated = Width.values()[i];
            halves[i] = kernels.routine(new HalvesKey(rotated), key -> RowKernels.rotateHalves(key.width(), system));
            neighbours[i] = kernels.routine(
                    new NeighboursKey(rotated), key -> RowKernels.rotateNeighbours(key.width(), system));
        }
    }

    private static Routine gate(Kernels kernels, RowKernels.Gate gate) {
        return kernels.routine(
                new GateKey(gate), key -> RowKernels.gated(kernels.isa().width(), kernels.system(), key.gate()));
    }

    private static Routine activation(Kernels kernels, RowKernels.Gate gate) {
        return kernels.routine(
                new ActivateKey(gate), key -> RowKernels.activate(kernels.isa().width(), kernels.system(), key.gate()));
    }

    /**
     * Root mean square norm of {@code vectors} vectors of {@code count} floats that follow each other.
     *
     * @param weight one vector, or null
     * @param scratch eight bytes of this thread's
     */
    public void rmsNorm(
            MemorySegment x,
            long at,
            MemorySegment out,
            long outAt,
            int count,
            int vectors,
            @Nullable MemorySegment weight,
            long weightAt,
            float epsilon,
            MemorySegment scratch) {
        requirePositive(count, vectors);
        long floats = (long) count * vectors;
        require("x", x, at, floats);
        require("out", out, outAt, floats);
        require("scratch", scratch, 0, 2);
        if (weight != null) {
            require("weight", weight, weightAt, count);
        }
        (weight == null ? norm : weightedNorm)
                .call(
                        address(x, at),
                        address(out, outAt),
                        count,
                        weight == null ? 0 : address(weight, weightAt),
                        Float.floatToRawIntBits(epsilon),
                        vectors,
                        Float.floatToRawIntBits(1f / count),
                        scratch.address());
        keep(x, out);
    }

    /** {@code x += scale * y}; scratch is four bytes of this thread's. */
    public void addScaled(
            MemorySegment x, long at, MemorySegment y, long yAt, int count, float scale, MemorySegment scratch) {
        requirePositive(count, 1);
        require("x", x, at, count);
        require("y", y, yAt, count);
        require("scratch", scratch, 0, 1);
        addScaled.call(
                address(x, at), address(y, yAt), count, Float.floatToRawIntBits(scale), scratch.address(), 0, 0, 0);
        keep(x, y);
    }

    /** {@code out = gate * sigmoid(gate) * x}. */
    public void silu(
            MemorySegment gate, long gateAt, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        gated(silu, gate, gateAt, x, at, out, outAt, count);
    }

    /** {@code out = gelu(gate) * x} by the tanh formula. */
    public void geluTanh(
            MemorySegment gate, long gateAt, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        gated(geluTanh, gate, gateAt, x, at, out, outAt, count);
    }

    /** {@code out = sigmoid(gate) * x}. */
    public void sigmoid(
            MemorySegment gate, long gateAt, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        gated(sigmoid, gate, gateAt, x, at, out, outAt, count);
    }

    /** {@code x = x * sigmoid(x)}. */
    public void silu(MemorySegment x, long at, int count) {
        activate(plainSilu, x, at, count);
    }

    /** {@code x = gelu(x)} by the tanh formula. */
    public void geluTanh(MemorySegment x, long at, int count) {
        activate(plainGeluTanh, x, at, count);
    }

    private static void activate(Routine routine, MemorySegment x, long at, int count) {
        requirePositive(count, 1);
        require("x", x, at, count);
        routine.call(address(x, at), address(x, at), count, 0);
        keep(x, x);
    }

    private static void gated(
            Routine routine,
            MemorySegment gate,
            long gateAt,
            MemorySegment x,
            long at,
            MemorySegment out,
            long outAt,
            int count) {
        requirePositive(count, 1);
        require("gate", gate, gateAt, count);
        require("x", x, at, count);
        require("out", out, outAt, count);
        routine.call(address(gate, gateAt), address(x, at), count, address(out, outAt));
        keep(gate, x);
        keep(out, out);
    }

    /** Whether {@link #rotate} can do so many pairs. */
    public static boolean rotates(int pairs) {
        return pairs > 0 && pairs % Width.Y.lanes() == 0;
    }

    /**
     * Rotates the pairs {@code (i, i + pairs)} of every head.
     *
     * @param angles cosine and sine in turn, for each pair
     * @param pairs see {@link #rotates}
     */
    public void rotateHalves(
            MemorySegment angles, long anglesAt, int pairs, MemorySegment x, long at, int heads, int headDim) {
        boolean whole = pairs % width.lanes() == 0;
        rotate(halves[(whole ? width : Width.Y).ordinal()], angles, anglesAt, pairs, x, at, heads, headDim);
    }

    /** As {@link #rotateHalves} for the pairs {@code (2 i, 2 i + 1)}. */
    public void rotateNeighbours(
            MemorySegment angles, long anglesAt, int pairs, MemorySegment x, long at, int heads, int headDim) {
        rotate(neighbours[width.ordinal()], angles, anglesAt, pairs, x, at, heads, headDim);
    }

    private static void rotate(
            Routine routine,
            MemorySegment angles,
            long anglesAt,
            int pairs,
            MemorySegment x,
            long at,
            int heads,
            int headDim) {
        requirePositive(heads, headDim);
        if (!rotates(pairs) || 2 * pairs > headDim) {
            throw new IllegalArgumentException(pairs + " pairs of a head of " + headDim);
        }
        require("angles", angles, anglesAt, 2L * pairs);
        require("x", x, at, (long) heads * headDim);
        routine.call(address(x, at), address(angles, anglesAt), pairs, heads, (long) headDim * Float.BYTES, 0, 0, 0);
        keep(x, angles);
    }

    private static long address(MemorySegment segment, long at) {
        return segment.address() + at * Float.BYTES;
    }

    private static void keep(MemorySegment first, MemorySegment second) {
        Reference.reachabilityFence(first);
        Reference.reachabilityFence(second);
    }

    private static void requirePositive(int first, int second) {
        if (first < 1 || second < 1) {
            throw new IllegalArgumentException("counts " + first + " and " + second + "; expected at least 1");
        }
    }

    private static void require(String what, MemorySegment segment, long at, long count) {
        if (!segment.isNative() || at < 0 || segment.byteSize() < (at + count) * Float.BYTES) {
            throw new IllegalArgumentException(
                    what + ": " + count + " floats from " + at + " on needed, found " + segment);
        }
    }
}
