package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;

/**
 * What is done to rows of activations, by machine code: the typed face of {@link NormKernels}, {@link ActivationKernels} and
 * {@link RowKernels}. Indices count floats.
 */
public final class RowMath {
    private record AddKey() {}

    private record GatedKey(Activation activation) {}

    private record PlainKey(Activation activation) {}

    private record SigmoidKey() {}

    private record ScaleKey() {}

    private record CapKey() {}

    private record HalvesKey(Width width) {}

    private record NeighboursKey(Width width) {}

    private static final int WEIGHTED = 2;
    private static final int BIASED = 1;

    private final Kernels kernels;
    private final Width width;
    private final Routine addScaled;
    private final Routine scale;
    private final Routine cap;
    private final Routine sigmoid;
    private final Routine[] halves; // [widths]
    private final Routine[] neighbours; // [widths]

    // A model needs one or two of these.
    private final LazyRoutines norms = new LazyRoutines(Norm.Kind.values().length << 2, this::norm);
    private final LazyRoutines gated = new LazyRoutines(Activation.values().length, this::gated);
    private final LazyRoutines plain = new LazyRoutines(Activation.values().length, this::plain);

    public RowMath(Kernels kernels) {
        this.kernels = kernels;
        OperatingSystem system = kernels.system();
        width = kernels.isa().width();
        addScaled = kernels.routine(new AddKey(), _ -> RowKernels.addScaled(width, system));
        scale = kernels.routine(new ScaleKey(), _ -> RowKernels.scale(width, system));
        cap = kernels.routine(new CapKey(), _ -> RowKernels.cap(width, system));
        sigmoid = kernels.routine(new SigmoidKey(), _ -> ActivationKernels.sigmoidGated(width, system));
        halves = new Routine[width.ordinal() + 1];
        neighbours = new Routine[width.ordinal() + 1];
        for (int i = Width.Y.ordinal(); i <= width.ordinal(); i++) {
            Width rotated = Width.values()[i];
            halves[i] = kernels.routine(new HalvesKey(rotated), key -> RowKernels.rotateHalves(key.width(), system));
            neighbours[i] = kernels.routine(
                    new NeighboursKey(rotated), key -> RowKernels.rotateNeighbours(key.width(), system));
        }
    }

    private Routine norm(int index) {
        NormKernels.Form form =
                new NormKernels.Form(Norm.Kind.values()[index >> 2], (index & WEIGHTED) != 0, (index & BIASED) != 0);
        return kernels.routine(form, key -> NormKernels.generate(width, kernels.system(), key));
    }

    private static int index(Norm norm) {
        return norm.kind().ordinal() << 2 | (norm.weight() == null ? 0 : WEIGHTED) | (norm.bias() == null ? 0 : BIASED);
    }

    private Routine gated(int activation) {
        return kernels.routine(
                new GatedKey(Activation.values()[activation]),
                key -> ActivationKernels.gated(width, kernels.system(), key.activation()));
    }

    private Routine plain(int activation) {
        return kernels.routine(
                new PlainKey(Activation.values()[activation]),
                key -> ActivationKernels.plain(width, kernels.system(), key.activation()));
    }

    /**
     * Normalises {@code vectors} vectors of {@code count} floats that follow each other.
     *
     * @param norm whose weight and bias are for one vector
     * @param scratch eight bytes of this thread's
     */
    public void norm(
            Norm norm,
            MemorySegment x,
            long at,
            MemorySegment out,
            long outAt,
            int count,
            int vectors,
            MemorySegment scratch) {
        requirePositive(count, vectors);
        long floats = (long) count * vectors;
        require("x", x, at, floats);
        require("out", out, outAt, floats);
        require("scratch", scratch, 0, 2);
        long inverseCount = Float.floatToRawIntBits(1f / count);
        norms.of(index(norm))
                .call(
                        address(x, at),
                        address(out, outAt),
                        count,
                        address("weight", norm.weight(), count),
                        address("bias", norm.bias(), count),
                        vectors,
                        inverseCount << 32 | Float.floatToRawIntBits(norm.epsilon()) & 0xFFFF_FFFFL,
                        scratch.address());
        keep(x, out);
        Reference.reachabilityFence(norm);
    }

    private static long address(String what, @Nullable Buffer parameters, int count) {
        if (parameters == null) {
            return 0;
        }
        require(what, parameters.memory(), parameters.at(0), count);
        return address(parameters.memory(), parameters.at(0));
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

    /** {@code x *= factor}; scratch is four bytes of this thread's. */
    public void scale(MemorySegment x, long at, int count, float factor, MemorySegment scratch) {
        requirePositive(count, 1);
        require("x", x, at, count);
        require("scratch", scratch, 0, 1);
        scale.call(address(x, at), count, Float.floatToRawIntBits(factor), scratch.address());
        keep(x, x);
    }

    /** {@code x = limit * tanh(factor * x / limit)}; scratch is eight bytes of this thread's. */
    public void cap(MemorySegment x, long at, int count, float factor, float limit, MemorySegment scratch) {
        requirePositive(count, 1);
        require("x", x, at, count);
        require("scratch", scratch, 0, 2);
        cap.call(
                address(x, at),
                count,
                Float.floatToRawIntBits(2 * factor / limit),
                Float.floatToRawIntBits(limit),
                scratch.address(),
                0,
                0,
                0);
        keep(x, x);
    }

    /** {@code out = activation(gate) * x}, or what {@link Activation} says of the two. */
    public void activateGated(
            Activation activation,
            MemorySegment gate,
            long gateAt,
            MemorySegment x,
            long at,
            MemorySegment out,
            long outAt,
            int count) {
        gated(gated.of(activation.ordinal()), gate, gateAt, x, at, out, outAt, count);
    }

    /** {@code out = sigmoid(gate) * x}. */
    public void sigmoid(
            MemorySegment gate, long gateAt, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        gated(sigmoid, gate, gateAt, x, at, out, outAt, count);
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

    /**
     * {@code x = activation(x)}.
     *
     * @throws IllegalArgumentException if the activation needs a gate
     */
    public void activate(Activation activation, MemorySegment x, long at, int count) {
        requirePositive(count, 1);
        require("x", x, at, count);
        plain.of(activation.ordinal()).call(address(x, at), count, 0, 0);
        keep(x, x);
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
