package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import tokamak.backend.KvType;

/**
 * Generates what is done to scores, which are floats whatever the cache holds: the soft cap, softmax with a running maximum, which
 * is the second pass of attention over a stretch of KV blocks, how the results of two parts of the context become one, and the
 * scaling of rows on their way in and out.
 */
final class SoftmaxKernels {
    private static final int BLOCK = KvNumbers.BLOCK;

    private final AttentionCode code;
    private final Assembler a;
    private final Isa isa;
    private final int parts;

    private SoftmaxKernels(Isa isa) {
        this.code = new AttentionCode(isa, KvType.F32);
        this.a = code.assembler();
        this.isa = isa;
        this.parts = code.parts();
    }

    /**
     * One row's scores become {@code cap * tanh(factor * score)}, in place. Arguments: rdi scores of the row in the first block,
     * rsi blocks, rdx bytes from block to block, rcx bits of twice the factor, r8 bits of the cap.
     */
    static byte[] softcap(Isa isa, OperatingSystem system) {
        SoftmaxKernels kernel = new SoftmaxKernels(isa);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        frame.enter();
        kernel.code.broadcast(kernel.code.register(0), RCX);
        kernel.code.broadcast(kernel.code.register(1), R8);
        Label loop = new Label();
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            kernel.capScores(Mem.at(RDI, part * isa.width().bytes()));
        }
        a.add(RDI, RDX);
        a.sub(RSI, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        frame.leave();
        return a.code();
    }

    /** {@code tanh(x) = 1 - 2 / (exp(2 x) + 1)}, with an absolute error of a float's last place. */
    private void capScores(Mem place) {
        Vec score = code.register(2);
        Vec power = code.register(3);
        Vec one = code.register(4);
        a.emit(Op.VMULPS, score, code.register(0), place);
        new VectorMath(a, isa.width()).exp(score, power, code.register(4), code.register(5), code.register(6));
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        a.emit(Op.VADDPS, power, power, one);
        a.emit(Op.VMOVUPS, score, a.constantFloat(2));
        a.emit(Op.VDIVPS, score, score, power);
        a.emit(Op.VSUBPS, score, one, score);
        a.emit(Op.VMULPS, score, score, code.register(1));
        a.emit(Op.VMOVUPS_STORE, score, place);
    }

    /**
     * Scores become weights relative to each row's running maximum, in place. Arguments: rdi scores of the first row in the first
     * block, rsi blocks, rdx bytes from block to block, rcx states of the rows, r8 bits of the factor on scores, r9 rows.
     */
    static byte[] softmax(Isa isa, OperatingSystem system) {
        SoftmaxKernels kernel = new SoftmaxKernels(isa);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label row = new Label();
        frame.enter();
        Vec scale = kernel.code.register(0);
        Vec maximum = kernel.code.register(1);
        Vec sum = kernel.code.register(2);
        kernel.code.broadcast(scale, R8);
        a.bind(row);
        kernel.findMaximum(scale, maximum);
        a.emit(Op.VPXOR, sum, sum, sum);
        kernel.exponentiate(scale, maximum, sum);
        new VectorMath(a, isa.width()).fold(Op.VADDPS, sum, kernel.code.register(3));
        Vec old = Vec.xmm(3);
        a.emit(Op.VMOVSS, old, Mem.at(RCX, RowState.SUM));
        a.emit(Op.VMULSS, old, old, Mem.at(RCX, RowState.FACTOR));
        a.emit(Op.VADDSS, old, old, sum.as(Width.X));
        a.emit(Op.VMOVSS_STORE, old, Mem.at(RCX, RowState.SUM));
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RCX, RowState.BYTES);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
        frame.leave();
        return a.code();
    }

    /** Leaves the new maximum in all lanes and in the state, and the factor for earlier results in the state. */
    private void findMaximum(Vec scale, Vec maximum) {
        Vec score = code.register(3);
        Label loop = new Label();
        a.emit(Op.VBROADCASTSS, maximum, Mem.at(RCX, RowState.MAXIMUM));
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.bind(loop);
        for (int part = 0; part < parts; part++) {
            a.emit(Op.VMULPS, score, scale, Mem.at(RAX, part * isa.width().bytes()));
            a.emit(Op.VMAXPS, maximum, score, maximum);
        }
        a.add(RAX, RDX);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        VectorMath math = new VectorMath(a, isa.width());
        math.fold(Op.VMAXPS, maximum, score);
        a.emit(Op.VBROADCASTSS, maximum, maximum.as(Width.X));
        Vec factor = code.register(3);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(RCX, RowState.MAXIMUM));
        a.emit(Op.VSUBPS, factor, factor, maximum);
        math.exp(factor, code.register(4), code.register(5), code.register(6), code.register(7));
        a.emit(Op.VMOVSS_STORE, maximum.as(Width.X), Mem.at(RCX, RowState.MAXIMUM));
        a.emit(Op.VMOVSS_STORE, Vec.xmm(4), Mem.at(RCX, RowState.FACTOR));
    }

    private void exponentiate(Vec scale, Vec maximum, Vec sum) {
        VectorMath math = new VectorMath(a, isa.width());
        Label loop = new Label();
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.bind(loop);
        for (int part = 0; part < parts; part++) {
            Mem place = Mem.at(RAX, part * isa.width().bytes());
            Vec score = code.register(3);
            Vec weight = code.register(4);
            a.emit(Op.VMULPS, score, scale, place);
            a.emit(Op.VSUBPS, score, score, maximum);
            math.exp(score, weight, code.register(5), code.register(6), code.register(7));
            a.emit(Op.VMOVUPS_STORE, weight, place);
            a.emit(Op.VADDPS, sum, sum, weight);
        }
        a.add(RAX, RDX);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
    }

    /**
     * Takes what later tokens came to into what earlier ones did. Arguments: rdi sums {@code [rows][numbers]}, rsi sums of the later
     * tokens, rdx states, rcx states of the later tokens, r8 numbers (a multiple of 16), r9 rows.
     */
    static byte[] merge(Isa isa, OperatingSystem system) {
        SoftmaxKernels kernel = new SoftmaxKernels(isa);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label row = new Label();
        Label loop = new Label();
        Vec factor = kernel.code.register(4);
        Vec laterFactor = kernel.code.register(8);
        Vec number = kernel.code.register(0);
        frame.enter();
        a.bind(row);
        kernel.mergeStates(factor, laterFactor);
        a.mov(RAX, R8);
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            int offset = part * isa.width().bytes();
            a.emit(Op.VMULPS, number, factor, Mem.at(RDI, offset));
            a.emit(Op.VFMADD231PS, number, laterFactor, Mem.at(RSI, offset));
            a.emit(Op.VMOVUPS_STORE, number, Mem.at(RDI, offset));
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RSI, BLOCK * Float.BYTES);
        a.sub(RAX, BLOCK);
        a.jump(Assembler.Condition.GREATER, loop);
        a.add(RDX, RowState.BYTES);
        a.add(RCX, RowState.BYTES);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
        frame.leave();
        return a.code();
    }

    /** Where one side has seen nothing, its factor is exactly 0 and the other's exactly 1. */
    private void mergeStates(Vec factor, Vec laterFactor) {
        VectorMath math = new VectorMath(a, isa.width());
        Vec difference = code.register(0);
        Vec later = code.register(1);
        Vec maximum = code.register(2);
        a.emit(Op.VBROADCASTSS, difference, Mem.at(RDX, RowState.MAXIMUM));
        a.emit(Op.VBROADCASTSS, later, Mem.at(RCX, RowState.MAXIMUM));
        a.emit(Op.VMAXPS, maximum, difference, later);
        a.emit(Op.VSUBPS, difference, difference, maximum);
        a.emit(Op.VSUBPS, later, later, maximum);
        math.exp(difference, factor, code.register(5), code.register(6), code.register(7));
        math.exp(later, laterFactor, code.register(5), code.register(6), code.register(7));
        Vec sum = Vec.xmm(0);
        Vec laterSum = Vec.xmm(1);
        a.emit(Op.VMOVSS, sum, Mem.at(RDX, RowState.SUM));
        a.emit(Op.VMULSS, sum, sum, factor.as(Width.X));
        a.emit(Op.VMOVSS, laterSum, Mem.at(RCX, RowState.SUM));
        a.emit(Op.VMULSS, laterSum, laterSum, laterFactor.as(Width.X));
        a.emit(Op.VADDSS, sum, sum, laterSum);
        a.emit(Op.VMOVSS_STORE, sum, Mem.at(RDX, RowState.SUM));
        a.emit(Op.VMOVSS_STORE, maximum.as(Width.X), Mem.at(RDX, RowState.MAXIMUM));
    }

    /** {@code out = factor * x}. Arguments: rdi x, rsi out, rdx numbers (a multiple of 16), rcx bits of the factor. */
    static byte[] scaleRow(Isa isa, OperatingSystem system) {
        SoftmaxKernels kernel = new SoftmaxKernels(isa);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label loop = new Label();
        frame.enter();
        kernel.code.broadcast(kernel.code.register(1), RCX);
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            int offset = part * isa.width().bytes();
            a.emit(Op.VMULPS, kernel.code.register(0), kernel.code.register(1), Mem.at(RDI, offset));
            a.emit(Op.VMOVUPS_STORE, kernel.code.register(0), Mem.at(RSI, offset));
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RSI, BLOCK * Float.BYTES);
        a.sub(RDX, BLOCK);
        a.jump(Assembler.Condition.GREATER, loop);
        frame.leave();
        return a.code();
    }
}
