package tokamak.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import tokamak.backend.Activation;
import tokamak.backend.KvType;
import tokamak.backend.Norm;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.DType;

/**
 * Holds the kernels of this machine against plain Java, a few seconds in all. Matrix products are called directly, so that
 * none is replaced before it is seen; the rest goes through {@link CpuBackend}, whatever computes it there.
 */
public final class KernelCheck {
    /** Errors of float32 arithmetic in another order; exponentials and the like add a few units. */
    private static final double ALLOWED_IN_ROWS = 1e-5;

    /** Scores of a hundred products go through an exponential. */
    private static final double ALLOWED_IN_ATTENTION = 1e-4;

    /** One product with a weight of one. */
    private static final double ALLOWED_IN_ROUNDING = 1e-6;

    /**
     * What became of one kernel.
     *
     * @param cases shapes that were tried
     * @param worstError relative to the size of the numbers; infinite where a number and none met
     */
    public record Result(String kernel, int cases, double worstError, double allowedError) {
        public boolean passed() {
            return worstError <= allowedError;
        }
    }

    private final Consumer<Result> listener;
    private final List<Result> results = new ArrayList<>();

    private KernelCheck(Consumer<Result> listener) {
        this.listener = listener;
    }

    /**
     * Checks everything; nothing where there is no machine code. Takes over the arithmetic.
     *
     * @param listener told each result as it comes
     */
    public static List<Result> run(CpuArithmetic arithmetic, Consumer<Result> listener) {
        KernelCheck check = new KernelCheck(listener);
        try (Twins twins = new Twins(new CpuBackend(1, arithmetic))) {
            Kernels kernels = arithmetic.kernels();
            if (kernels != null) {
                check.linear(new LinearCheck(kernels));
                check.attention(new AttentionCheck(twins));
                check.rows(new RowChecks(twins));
            }
        }
        return List.copyOf(check.results);
    }

    private void linear(LinearCheck check) {
        note("activations to 8 bits", ALLOWED_IN_ROUNDING, check::activations);
        for (DType dtype : PackedMatrix.formats()) {
            note("linear " + dtype, LinearCheck.ALLOWED, () -> check.thorough(dtype));
        }
    }

    private void attention(AttentionCheck check) {
        for (KvType kvType : KvType.values()) {
            note("attention, keys and values " + kvType, ALLOWED_IN_ATTENTION, () -> check.run(kvType));
        }
    }

    private void rows(RowChecks check) {
        for (Norm.Kind kind : Norm.Kind.values()) {
            note("norm " + lower(kind), ALLOWED_IN_ROWS, () -> check.norm(kind));
        }
        note("rope", ALLOWED_IN_ROWS, check::rope);
        for (Activation activation : Activation.values()) {
            note("gated " + lower(activation), ALLOWED_IN_ROWS, () -> check.activateGated(activation));
        }
        for (Activation activation : Activation.values()) {
            if (activation != Activation.CLAMPED_SWIGLU) {
                note(lower(activation), ALLOWED_IN_ROWS, () -> check.activate(activation));
            }
        }
        note("add scaled", ALLOWED_IN_ROWS, check::addScaled);
        note("add bias", ALLOWED_IN_ROWS, check::bias);
        note("multiply by sigmoid", ALLOWED_IN_ROWS, check::multiplySigmoid);
        note("scale and cap logits", ALLOWED_IN_ROWS, check::scaleLogits);
        note("choose experts", ALLOWED_IN_ROWS, check::route);
    }

    private void note(String kernel, double allowed, Supplier<Deviation> check) {
        Deviation deviation = check.get();
        Result result = new Result(kernel, deviation.cases(), deviation.worst(), allowed);
        results.add(result);
        listener.accept(result);
    }

    private static String lower(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
