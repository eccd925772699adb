package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
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

/** Generates what is done to one row of activations: sums and rotations. */
final class RowKernels {
    private final Assembler a = new Assembler();
    private final Width width;
    private final Frame frame;
    private final RowLoop loop;

    private RowKernels(Width width, OperatingSystem system) {
        this.width = width;
        this.frame = new Frame(a, system);
        this.loop = new RowLoop(a, width);
    }

    private Vec register(int number) {
        return new Vec(width, number);
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
        k.loop.forEach(RDX, new Gpr[] {RDI, RSI}, lanes -> {
            lanes.load(x, RDI);
            lanes.load(y, RSI);
            a.emit(Op.VFMADD231PS, x, y, scale);
            lanes.store(x, RDI);
        });
        k.frame.leave();
        return a.code();
    }

    /** {@code x *= factor}. Arguments: rdi x, rsi numbers, rdx bits of the factor, rcx 4 bytes of scratch. */
    static byte[] scale(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Vec factor = k.register(0);
        Vec x = k.register(1);
        k.frame.enter();
        a.mov32(Mem.at(RCX, 0), RDX);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(RCX, 0));
        k.loop.forEach(RSI, new Gpr[] {RDI}, lanes -> {
            lanes.load(x, RDI);
            a.emit(Op.VMULPS, x, x, factor);
            lanes.store(x, RDI);
        });
        k.frame.leave();
        return a.code();
    }

    /**
     * {@code x = cap * tanh(factor / 2 * x)}. Arguments: rdi x, rsi numbers, rdx bits of the factor, rcx bits of the cap, r8
     * 8 bytes of scratch.
     */
    static byte[] cap(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        VectorMath math = new VectorMath(a, width);
        Vec factor = k.register(0);
        Vec cap = k.register(1);
        Vec one = k.register(2);
        Vec x = k.register(3);
        Vec exp = k.register(4);
        k.frame.enter();
        a.mov32(Mem.at(R8, 0), RDX);
        a.mov32(Mem.at(R8, 4), RCX);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(R8, 0));
        a.emit(Op.VBROADCASTSS, cap, Mem.at(R8, 4));
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        k.loop.forEach(RSI, new Gpr[] {RDI}, lanes -> {
            lanes.load(x, RDI);
            a.emit(Op.VMULPS, x, x, factor);
            math.exp(x, exp, k.register(5), k.register(6), k.register(7));
            // tanh(y) = (exp(2 y) - 1) / (exp(2 y) + 1)
            a.emit(Op.VSUBPS, x, exp, one);
            a.emit(Op.VADDPS, exp, exp, one);
            a.emit(Op.VDIVPS, x, x, exp);
            a.emit(Op.VMULPS, x, x, cap);
            lanes.store(x, RDI);
        });
        k.frame.leave();
        return a.code();
    }

    /**
     * {@code y += bias} for rows of y. Arguments: rdi y, rsi bias, rdx numbers of a row, rcx rows, r8 bytes from row to row.
     */
    static byte[] addBias(Width width, OperatingSystem system) {
        RowKernels k = new RowKernels(width, system);
        Assembler a = k.a;
        Vec y = k.register(0);
        Vec bias = k.register(1);
        Label row = new Label();
        k.frame.enter();
        a.bind(row);
        a.mov(RAX, RDX);
        a.mov(R9, RDI);
        a.mov(RBX, RSI);
        k.loop.forEach(RAX, new Gpr[] {R9, RBX}, lanes -> {
            lanes.load(y, R9);
            lanes.load(bias, RBX);
            a.emit(Op.VADDPS, y, y, bias);
            lanes.store(y, R9);
        });
        a.add(RDI, R8);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
        k.frame.leave();
        return a.code();
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
