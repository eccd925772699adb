package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/** Generates what is done to one row of activations: norms, activations of feed-forward layers, sums, rotations. */
final class RowKernels {
    /** What a gate goes through before it multiplies. */
    enum Gate {
        /** x * sigmoid(x) */
        SILU,
        /** x * sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), which is the tanh formula. */
        GELU_TANH,
        /** sigmoid(x) */
        SIGMOID
    }

    private static final Mask TAIL = new Mask(1);

    private final Assembler a = new Assembler();
    private final Width width;
    private final Frame frame;
    private final VectorMath math;
    /** AVX2 has no mask registers: the last register holds the lanes of the tail. */
    private final Vec tailLanes;

    private RowKernels(Width width, OperatingSystem system) {
        this.width = width;
        this.frame = new Frame(a, system);
        this.math = new VectorMath(a, width);
        this.tailLanes = register(15);
    }

    private Vec register(int number) {
        return new Vec(width, number);
    }

    // ---- a loop over numbers, the last ones under a mask -----------------------------------------------------------

    /** Loads and stores of one turn: whole registers, or those lanes that are left. */
    private interface Lanes {
        void load(Vec target, Gpr base);

        void store(Vec source, Gpr base);
    }

    private final class Whole implements Lanes {
        @Override
        public void load(Vec target, Gpr base) {
            a.emit(Op.VMOVUPS, target, Mem.at(base, 0));
        }

        @Override
        public void store(Vec source, Gpr base) {
            a.emit(Op.VMOVUPS_STORE, source, Mem.at(base, 0));
        }
    }

    private final class Tail implements Lanes {
        @Override
        public void load(Vec target, Gpr base) {
            if (width == Width.Z) {
                a.emitZeroing(Op.VMOVUPS, TAIL, target, Mem.at(base, 0));
            } else {
                a.emit(Op.VMASKMOVPS, target, tailLanes, Mem.at(base, 0));
            }
        }

        @Override
        public void store(Vec source, Gpr base) {
            if (width == Width.Z) {
                a.emitMasked(Op.VMOVUPS_STORE, TAIL, source, Mem.at(base, 0));
            } else {
                a.emit(Op.VMASKMOVPS_STORE, source, tailLanes, Mem.at(base, 0));
            }
        }
    }

    /** Runs {@code body} over {@code count} numbers; the cursors move on. Spoils r12, r13 and the count. */
    private void forEach(Gpr count, Gpr[] cursors, Consumer<Lanes> body) {
        Label whole = new Label();
        Label tail = new Label();
        Label done = new Label();
        a.bind(whole);
        a.cmp(count, width.lanes());
        a.jump(Assembler.Condition.LESS, tail);
        body.accept(new Whole());
        for (Gpr cursor : cursors) {
            a.add(cursor, width.bytes());
        }
        a.sub(count, width.lanes());
        a.jump(whole);
        a.bind(tail);
        a.cmp(count, 0);
        a.jump(Assembler.Condition.ZERO, done);
        loadTailMask(count);
        body.accept(new Tail());
        a.bind(done);
    }

    private void loadTailMask(Gpr count) {
        ByteBuffer table = ByteBuffer.allocate(2 * width.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < width.lanes(); i++) {
            table.putInt(-1);
        }
        a.lea(R12, a.table(table.array()));
        a.mov(R13, count);
        a.neg(R13);
        a.emit(Op.VMOVDQU, tailLanes, Mem.at(R12, R13, 4, width.bytes()));
        if (width == Width.Z) {
            a.emitTest(Op.VPTESTMD, TAIL, tailLanes, tailLanes);
        }
    }

    // ---- routines --------------------------------------------------------------------------------------------------

    /**
     * Root mean square norm of vectors that follow each other. Arguments: rdi x, rsi out, rdx numbers per vector, rcx weight
     * ({@code weighted} only), r8 bits of epsilon, r9 vectors, r10 bits of 1 / numbers, r11 8 bytes of scratch.
     */
    static byte[] rmsNorm(Width width, OperatingSystem system, boolean weighted) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Label vector = new Label();
        k.frame.enter();
        a.mov32(Mem.at(R11, 0), R10);
        a.mov32(Mem.at(R11, 4), R8);
        a.bind(vector);
        k.inverseRoot();
        Vec scale = k.register(1);
        Vec x = k.register(2);
        Vec weight = k.register(3);
        a.mov(RAX, RDX);
        a.mov(RBX, RCX);
        k.forEach(RAX, new Gpr[] {RDI, RSI, RBX}, lanes -> {
            lanes.load(x, RDI);
            a.emit(Op.VMULPS, x, x, scale);
            if (weighted) {
                lanes.load(weight, RBX);
                a.emit(Op.VMULPS, x, x, weight);
            }
            lanes.store(x, RSI);
        });
        // past the last whole register: the numbers of the tail
        k.skipTail(RDI, RSI);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, vector);
        k.frame.leave();
        return a.code();
    }

    /** After {@link #forEach} the count holds what the tail had; the cursors stand before it. */
    private void skipTail(Gpr... cursors) {
        a.shl(RAX, 2);
        for (Gpr cursor : cursors) {
            a.add(cursor, RAX);
        }
    }

    /** Leaves {@code 1 / sqrt(mean of squares + epsilon)} in all lanes of register 1. */
    private void inverseRoot() {
        Vec squares = register(1);
        Vec x = register(2);
        a.emit(Op.VPXOR, squares, squares, squares);
        a.mov(RAX, RDX);
        a.mov(RBX, RDI);
        forEach(RAX, new Gpr[] {RBX}, lanes -> {
            lanes.load(x, RBX);
            a.emit(Op.VFMADD231PS, squares, x, x);
        });
        math.fold(Op.VADDPS, squares, x);
        Vec sum = squares.as(Width.X);
        Vec one = x.as(Width.X);
        a.emit(Op.VBROADCASTSS, one, Mem.at(R11, 0));
        a.emit(Op.VMULPS, sum, sum, one);
        a.emit(Op.VBROADCASTSS, one, Mem.at(R11, 4));
        a.emit(Op.VADDPS, sum, sum, one);
        a.emit(Op.VSQRTPS, sum, sum);
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        a.emit(Op.VDIVPS, sum, one, sum);
        a.emit(Op.VBROADCASTSS, squares, sum);
    }

    /** {@code x += scale * y}. Arguments: rdi x, rsi y, rdx numbers, rcx bits of scale, r8 4 bytes of scratch. */
    static byte[] addScaled(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Vec scale = k.register(0);
        Vec x = k.register(1);
        Vec y = k.register(2);
        k.frame.enter();
        a.mov32(Mem.at(R8, 0), RCX);
        a.emit(Op.VBROADCASTSS, scale, Mem.at(R8, 0));
        k.forEach(RDX, new Gpr[] {RDI, RSI}, lanes -> {
            lanes.load(x, RDI);
            lanes.load(y, RSI);
            a.emit(Op.VFMADD231PS, x, y, scale);
            lanes.store(x, RDI);
        });
        k.frame.leave();
        return a.code();
    }

    /** {@code out = gate(g) * x}. Arguments: rdi g, rsi x, rdx numbers, rcx out. */
    static byte[] gated(Width width, OperatingSystem system, Gate gate) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Vec g = k.register(0);
        Vec x = k.register(1);
        Vec sigmoid = k.register(2);
        k.frame.enter();
        k.forEach(RDX, new Gpr[] {RDI, RSI, RCX}, lanes -> {
            lanes.load(g, RDI);
            lanes.load(x, RSI);
            k.sigmoid(gate, g, sigmoid);
            if (gate != Gate.SIGMOID) {
                a.emit(Op.VMULPS, sigmoid, sigmoid, g);
            }
            a.emit(Op.VMULPS, x, x, sigmoid);
            lanes.store(x, RCX);
        });
        k.frame.leave();
        return a.code();
    }

    /** {@code out = gate(x)}. Arguments: rdi x, rsi out, rdx numbers. */
    static byte[] activate(Width width, OperatingSystem system, Gate gate) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Vec x = k.register(0);
        Vec sigmoid = k.register(2);
        k.frame.enter();
        k.forEach(RDX, new Gpr[] {RDI, RSI}, lanes -> {
            lanes.load(x, RDI);
            k.sigmoid(gate, x, sigmoid);
            if (gate != Gate.SIGMOID) {
                a.emit(Op.VMULPS, sigmoid, sigmoid, x);
            }
            lanes.store(sigmoid, RSI);
        });
        k.frame.leave();
        return a.code();
    }

    /** {@code result = 1 / (1 + exp(-argument))}. Uses registers 3 to 8. */
    private void sigmoid(Gate gate, Vec g, Vec result) {
        Vec argument = register(3);
        switch (gate) {
            case SILU, SIGMOID -> a.emit(Op.VMULPS, argument, g, a.constantFloat(-1));
            case GELU_TANH -> {
                float factor = (float) (-2 * Math.sqrt(2 / Math.PI));
                a.emit(Op.VMULPS, argument, g, g);
                a.emit(Op.VMULPS, argument, argument, a.constantFloat(0.044715f * factor));
                a.emit(Op.VADDPS, argument, argument, a.constantFloat(factor));
                a.emit(Op.VMULPS, argument, argument, g);
            }
        }
        math.exp(argument, register(4), register(5), register(6), register(7));
        Vec one = register(8);
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        a.emit(Op.VADDPS, result, one, register(4));
        a.emit(Op.VDIVPS, result, one, result);
    }

    /**
     * Rotates the pairs {@code (i, i + pairs)} of heads. Arguments: rdi x, rsi cosines and sines in turn, rdx pairs (a multiple
     * of the lanes), rcx heads, r8 bytes from head to head.
     */
    static byte[] rotateHalves(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Label head = new Label();
        Label turn = new Label();
        Vec order = k.register(10);
        k.frame.enter();
        a.emit(Op.VMOVDQU, order, a.table(k.orderOfEvens()));
        a.mov(R9, RDX);
        a.shl(R9, 2);
        a.bind(head);
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.mov(R10, RDX);
        a.bind(turn);
        k.rotateHalf(order);
        a.add(RAX, width.bytes());
        a.add(RBX, 2 * width.bytes());
        a.sub(R10, width.lanes());
        a.jump(Assembler.Condition.GREATER, turn);
        a.add(RDI, R8);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        k.frame.leave();
        return a.code();
    }

    private void rotateHalf(Vec order) {
        Vec low = register(0);
        Vec high = register(1);
        Vec cos = register(2);
        Vec sin = register(3);
        a.emit(Op.VMOVUPS, low, Mem.at(RBX, 0));
        a.emit(Op.VMOVUPS, high, Mem.at(RBX, width.bytes()));
        a.emit(Op.VSHUFPS, cos, low, high, 0x88);
        a.emit(Op.VSHUFPS, sin, low, high, 0xDD);
        a.emit(Op.VPERMD, cos, order, cos);
        a.emit(Op.VPERMD, sin, order, sin);
        Vec first = register(4);
        Vec second = register(5);
        Vec result = register(6);
        a.emit(Op.VMOVUPS, first, Mem.at(RAX, 0));
        a.emit(Op.VMOVUPS, second, Mem.at(RAX, R9, 1, 0));
        a.emit(Op.VMULPS, result, first, cos);
        a.emit(Op.VFNMADD231PS, result, second, sin);
        a.emit(Op.VMOVUPS_STORE, result, Mem.at(RAX, 0));
        a.emit(Op.VMULPS, result, second, cos);
        a.emit(Op.VFMADD231PS, result, first, sin);
        a.emit(Op.VMOVUPS_STORE, result, Mem.at(RAX, R9, 1, 0));
    }

    /** vshufps takes two numbers of either source per 128 bits; this brings them in order. */
    private byte[] orderOfEvens() {
        ByteBuffer order = ByteBuffer.allocate(width.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int half = width.lanes() / 2;
        for (int i = 0; i < width.lanes(); i++) {
            int within = i % half;
            order.putInt(4 * (within / 2) + within % 2 + (i < half ? 0 : 2));
        }
        return order.array();
    }

    /** As {@link #rotateHalves} for the pairs {@code (2 i, 2 i + 1)}; pairs are a multiple of half the lanes. */
    static byte[] rotateNeighbours(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Label head = new Label();
        Label turn = new Label();
        Vec x = k.register(0);
        Vec sin = k.register(1);
        Vec result = k.register(2);
        Vec signs = k.register(3);
        k.frame.enter();
        a.emit(Op.VMOVDQU, signs, a.table(k.signsOfEvens()));
        a.bind(head);
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.mov(R10, RDX);
        a.bind(turn);
        a.emit(Op.VMOVUPS, x, Mem.at(RAX, 0));
        a.emit(Op.VMOVSLDUP, result, Mem.at(RBX, 0));
        a.emit(Op.VMULPS, result, result, x);
        a.emit(Op.VMOVSHDUP, sin, Mem.at(RBX, 0));
        a.emit(Op.VPXOR, sin, sin, signs);
        a.emit(Op.VPSHUFD, x, x, 0xB1);
        a.emit(Op.VFMADD231PS, result, x, sin);
        a.emit(Op.VMOVUPS_STORE, result, Mem.at(RAX, 0));
        a.add(RAX, width.bytes());
        a.add(RBX, width.bytes());
        a.sub(R10, width.lanes() / 2);
        a.jump(Assembler.Condition.GREATER, turn);
        a.add(RDI, R8);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        k.frame.leave();
        return a.code();
    }

    private byte[] signsOfEvens() {
        ByteBuffer signs = ByteBuffer.allocate(width.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < width.lanes(); i++) {
            signs.putInt(i % 2 == 0 ? Integer.MIN_VALUE : 0);
        }
        return signs.array();
    }
}
