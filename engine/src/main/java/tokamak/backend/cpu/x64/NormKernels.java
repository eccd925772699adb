package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.util.function.Consumer;
import tokamak.backend.Norm;

/** Generates norms of vectors that follow each other. */
final class NormKernels {
    /** What a norm consists of, besides its numbers. */
    record Form(Norm.Kind kind, boolean weighted, boolean biased) {}

    private static final int SCRATCH_INVERSE_COUNT = 4;

    private final Assembler a = new Assembler();
    private final Width width;
    private final Form form;
    private final RowLoop loop;
    private final VectorMath math;
    private final Vec x;
    private final Vec parameter;
    /** {@code 1 / sqrt(mean of squares + epsilon)} in all lanes. */
    private final Vec scale;

    private final Vec mean;
    /** What the mean of the numbers less {@link #mean} is: rounding errors, where numbers are far from zero. */
    private final Vec rest;

    private NormKernels(Width width, Form form) {
        this.width = width;
        this.form = form;
        this.loop = new RowLoop(a, width);
        this.math = new VectorMath(a, width);
        this.scale = register(1);
        this.x = register(2);
        this.parameter = register(3);
        this.mean = register(4);
        this.rest = register(5);
    }

    private Vec register(int number) {
        return new Vec(width, number);
    }

    /**
     * Arguments: rdi x, rsi out, rdx numbers per vector, rcx weight and r8 bias (where the form has them), r9 vectors, r10 bits
     * of epsilon and above them those of 1 / numbers, r11 8 bytes of scratch.
     */
    static byte[] generate(Width width, OperatingSystem system, Form form) {
        NormKernels k = new NormKernels(width, form);
        Assembler a = k.a;
        Frame frame = new Frame(a, system);
        Label vector = new Label();
        frame.enter();
        a.mov(Mem.at(R11, 0), R10);
        a.bind(vector);
        switch (form.kind()) {
            case RMS -> k.sumSquares();
            case LAYER -> {
                k.sum();
                k.sumCentredSquares();
            }
        }
        k.inverseRoot();
        k.normalise();
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, vector);
        frame.leave();
        return a.code();
    }

    /** Leaves the sum of squares in lane 0 of {@link #scale}. */
    private void sumSquares() {
        a.emit(Op.VPXOR, scale, scale, scale);
        overInput(lanes -> {
            lanes.load(x, RBX);
            a.emit(Op.VFMADD231PS, scale, x, x);
        });
        math.fold(Op.VADDPS, scale, x);
        times(scale, SCRATCH_INVERSE_COUNT);
    }

    /** Leaves the mean in all lanes of {@link #mean}. */
    private void sum() {
        a.emit(Op.VPXOR, mean, mean, mean);
        overInput(lanes -> {
            lanes.load(x, RBX);
            a.emit(Op.VADDPS, mean, mean, x);
        });
        math.fold(Op.VADDPS, mean, x);
        times(mean, SCRATCH_INVERSE_COUNT);
        a.emit(Op.VBROADCASTSS, mean, mean.as(Width.X));
    }

    /** As {@link #sumSquares} for numbers less their mean; leaves what is left of that in {@link #rest}. */
    private void sumCentredSquares() {
        a.emit(Op.VPXOR, scale, scale, scale);
        a.emit(Op.VPXOR, rest, rest, rest);
        overInput(lanes -> {
            lanes.load(x, RBX);
            a.emit(Op.VSUBPS, x, x, mean);
            lanes.keep(x);
            a.emit(Op.VADDPS, rest, rest, x);
            a.emit(Op.VFMADD231PS, scale, x, x);
        });
        math.fold(Op.VADDPS, scale, x);
        math.fold(Op.VADDPS, rest, x);
        times(scale, SCRATCH_INVERSE_COUNT);
        times(rest, SCRATCH_INVERSE_COUNT);
        Vec variance = scale.as(Width.X);
        a.emit(Op.VFNMADD231PS, variance, rest.as(Width.X), rest.as(Width.X));
        // rounding may have left less than nothing; the operand that is not a number wins if it comes second
        a.emit(Op.VPXOR, x.as(Width.X), x.as(Width.X), x.as(Width.X));
        a.emit(Op.VMAXPS, variance, x.as(Width.X), variance);
        a.emit(Op.VBROADCASTSS, rest, rest.as(Width.X));
    }

    private void overInput(Consumer<RowLoop.Lanes> body) {
        a.mov(RAX, RDX);
        a.mov(RBX, RDI);
        loop.forEach(RAX, new Gpr[] {RBX}, body);
    }

    /** Multiplies lane 0 by a number of the scratch. */
    private void times(Vec sum, int scratchOffset) {
        a.emit(Op.VBROADCASTSS, x.as(Width.X), Mem.at(R11, scratchOffset));
        a.emit(Op.VMULPS, sum.as(Width.X), sum.as(Width.X), x.as(Width.X));
    }

    private void inverseRoot() {
        Vec square = scale.as(Width.X);
        Vec one = x.as(Width.X);
        a.emit(Op.VBROADCASTSS, one, Mem.at(R11, 0));
        a.emit(Op.VADDPS, square, square, one);
        a.emit(Op.VSQRTPS, square, square);
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        a.emit(Op.VDIVPS, square, one, square);
        a.emit(Op.VBROADCASTSS, scale, square);
    }

    /** Moves rdi and rsi to the next vector. */
    private void normalise() {
        a.mov(RAX, RDX);
        a.mov(RBX, RCX);
        a.mov(RBP, R8);
        loop.forEach(RAX, new Gpr[] {RDI, RSI, RBX, RBP}, lanes -> {
            lanes.load(x, RDI);
            if (form.kind() == Norm.Kind.LAYER) {
                a.emit(Op.VSUBPS, x, x, mean);
                a.emit(Op.VSUBPS, x, x, rest);
            }
            a.emit(Op.VMULPS, x, x, scale);
            if (form.weighted()) {
                lanes.load(parameter, RBX);
                a.emit(Op.VMULPS, x, x, parameter);
            }
            if (form.biased()) {
                lanes.load(parameter, RBP);
                a.emit(Op.VADDPS, x, x, parameter);
            }
            lanes.store(x, RSI);
        });
        loop.skipTail(RAX, RDI, RSI);
    }
}
