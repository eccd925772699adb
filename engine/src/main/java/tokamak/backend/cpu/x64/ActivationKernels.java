package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import tokamak.backend.Activation;

/** Generates the non-linearities of feed-forward layers and gates. */
final class ActivationKernels {
    /**
     * {@code erfc(a / sqrt 2) / 2 = exp(-a^2 / 2) P(t)} for {@code a >= 0} with {@code t = 1 / (1 + TAIL_STEP a)}: P's
     * coefficients of t, t^2, ..., negated. Fitted for the smallest relative error over a up to 14: below 1e-7, and 4e-7 in
     * float arithmetic.
     */
    private static final float[] NORMAL_TAIL = {
        -0.12163970f, -0.12246727f, -0.10341815f, -0.12103029f, 0.037992392f, -0.18573311f, 0.15299735f, -0.036701277f
    };

    private static final float TAIL_STEP = 0.305f;

    /** Bounds and slope of {@link Activation#CLAMPED_SWIGLU}. */
    private static final float LIMIT = 7;

    private static final float SLOPE = 1.702f;

    private static final int SIGN = Integer.MIN_VALUE;

    private final Assembler a = new Assembler();
    private final Width width;
    private final Frame frame;
    private final RowLoop loop;
    private final VectorMath math;

    private ActivationKernels(Width width, OperatingSystem system) {
        this.width = width;
        this.frame = new Frame(a, system);
        this.loop = new RowLoop(a, width);
        this.math = new VectorMath(a, width);
    }

    private Vec register(int number) {
        return new Vec(width, number);
    }

    /** {@code out = activation(gate) * x}. Arguments: rdi gate, rsi x, rdx numbers, rcx out. */
    static byte[] gated(Width width, OperatingSystem system, Activation activation) {
        ActivationKernels k = new ActivationKernels(width, system);
        return k.overPairs((gate, x, result) -> {
            if (activation == Activation.CLAMPED_SWIGLU) {
                k.clampedSwiglu(gate, x, result);
            } else {
                k.activate(activation, gate, result);
                k.a.emit(Op.VMULPS, result, result, x);
            }
        });
    }

    /** {@code out = sigmoid(gate) * x}. Arguments as in {@link #gated}. */
    static byte[] sigmoidGated(Width width, OperatingSystem system) {
        ActivationKernels k = new ActivationKernels(width, system);
        return k.overPairs((gate, x, result) -> {
            k.sigmoid(gate, result);
            k.a.emit(Op.VMULPS, result, result, x);
        });
    }

    /** May spoil its operands; registers from 3 on are free. */
    private interface PairBody {
        void emit(Vec gate, Vec x, Vec result);
    }

    private byte[] overPairs(PairBody body) {
        Vec gate = register(0);
        Vec x = register(1);
        Vec result = register(2);
        frame.enter();
        loop.forEach(RDX, new Gpr[] {RDI, RSI, RCX}, lanes -> {
            lanes.load(gate, RDI);
            lanes.load(x, RSI);
            body.emit(gate, x, result);
            lanes.store(result, RCX);
        });
        frame.leave();
        return a.code();
    }

    /** {@code x = activation(x)}. Arguments: rdi x, rsi numbers. */
    static byte[] plain(Width width, OperatingSystem system, Activation activation) {
        ActivationKernels k = new ActivationKernels(width, system);
        Vec x = k.register(0);
        Vec result = k.register(2);
        k.frame.enter();
        k.loop.forEach(RSI, new Gpr[] {RDI}, lanes -> {
            lanes.load(x, RDI);
            k.activate(activation, x, result);
            lanes.store(result, RDI);
        });
        k.frame.leave();
        return k.a.code();
    }

    /** {@code result = activation(x)}. Keeps x; uses registers 3 to 8. */
    private void activate(Activation activation, Vec x, Vec result) {
        Vec argument = register(3);
        switch (activation) {
            case SILU -> {
                a.emit(Op.VMOVUPS, argument, x);
                sigmoid(argument, result);
                a.emit(Op.VMULPS, result, result, x);
            }
            case GELU_TANH -> {
                // x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), which is the tanh formula
                float factor = (float) (2 * Math.sqrt(2 / Math.PI));
                a.emit(Op.VMULPS, argument, x, x);
                a.emit(Op.VMULPS, argument, argument, a.constantFloat(0.044715f * factor));
                a.emit(Op.VADDPS, argument, argument, a.constantFloat(factor));
                a.emit(Op.VMULPS, argument, argument, x);
                sigmoid(argument, result);
                a.emit(Op.VMULPS, result, result, x);
            }
            case GELU -> {
                normalDistribution(x, result);
                a.emit(Op.VMULPS, result, result, x);
            }
            case RELU -> relu(x, result);
            case RELU_SQUARED -> {
                relu(x, result);
                a.emit(Op.VMULPS, result, result, result);
            }
            case CLAMPED_SWIGLU -> throw new IllegalArgumentException("clamped swiglu needs a gated layer");
        }
    }

    /** The operand that is not a number wins if it comes second. */
    private void relu(Vec x, Vec result) {
        a.emit(Op.VPXOR, result, result, result);
        a.emit(Op.VMAXPS, result, result, x);
    }

    /** Spoils both operands. Uses registers 3 to 8. */
    private void clampedSwiglu(Vec gate, Vec up, Vec result) {
        Vec bound = register(4);
        a.emit(Op.VMOVUPS, bound, a.constantFloat(LIMIT));
        a.emit(Op.VMINPS, gate, bound, gate);
        a.emit(Op.VMINPS, up, bound, up);
        a.emit(Op.VMOVUPS, bound, a.constantFloat(-LIMIT));
        a.emit(Op.VMAXPS, up, bound, up);
        a.emit(Op.VADDPS, up, up, a.constantFloat(1));
        Vec argument = register(3);
        a.emit(Op.VMULPS, argument, gate, a.constantFloat(SLOPE));
        sigmoid(argument, result);
        a.emit(Op.VMULPS, result, result, gate);
        a.emit(Op.VMULPS, result, result, up);
    }

    /**
     * {@code result = exp(argument) / (1 + exp(argument))}, which is zero, not something tiny, far below zero: an infinite factor
     * then gives no number, as it should. Spoils the argument; uses registers 4 to 7.
     */
    private void sigmoid(Vec argument, Vec result) {
        Vec exp = register(4);
        math.exp(argument, exp, register(5), register(6), register(7));
        a.emit(Op.VADDPS, result, exp, a.constantFloat(1));
        a.emit(Op.VDIVPS, result, exp, result);
    }

    /**
     * {@code result = (1 + erf(x / sqrt 2)) / 2}, accurate relative to itself also where it is tiny: the tail beyond |x| is computed, and
     * taken from one where x is positive. Uses registers 3 to 8.
     */
    private void normalDistribution(Vec x, Vec result) {
        Vec argument = register(3);
        Vec exp = register(4);
        a.emit(Op.VMULPS, argument, x, x);
        a.emit(Op.VMULPS, argument, argument, a.constantFloat(-0.5f));
        math.exp(argument, exp, register(5), register(6), register(7));
        Vec t = register(5);
        Vec tail = register(6);
        a.emit(Op.VPAND, t, x, a.constant32(~SIGN));
        a.emit(Op.VMULPS, t, t, a.constantFloat(TAIL_STEP));
        a.emit(Op.VMOVUPS, tail, a.constantFloat(1));
        a.emit(Op.VADDPS, t, t, tail);
        a.emit(Op.VDIVPS, t, tail, t);
        a.emit(Op.VMOVUPS, tail, a.constantFloat(NORMAL_TAIL[NORMAL_TAIL.length - 1]));
        for (int i = NORMAL_TAIL.length - 2; i >= 0; i--) {
            a.emit(Op.VFMADD213PS, tail, t, a.constantFloat(NORMAL_TAIL[i]));
        }
        a.emit(Op.VMULPS, tail, tail, t);
        a.emit(Op.VMULPS, tail, tail, exp);
        Vec sign = register(7);
        a.emit(Op.VPAND, sign, x, a.constant32(SIGN));
        a.emit(Op.VPXOR, tail, tail, sign);
        // 1, or 0 where x is negative
        a.emit(Op.VPSRAD, result, sign, 31);
        a.emit(Op.VCVTDQ2PS, result, result);
        a.emit(Op.VADDPS, result, result, a.constantFloat(1));
        a.emit(Op.VADDPS, result, result, tail);
    }
}
