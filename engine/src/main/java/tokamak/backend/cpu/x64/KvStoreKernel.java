package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import tokamak.backend.KvType;

/**
 * Generates what stores one token's vectors of all heads in a block of keys or values: a small part of a step, so 256 bits for
 * every instruction set.
 */
final class KvStoreKernel {
    private static final int BLOCK = KvNumbers.BLOCK;
    private static final Vec SCALE = Vec.xmm(4);
    private static final Vec INVERSE = Vec.ymm(5);
    private static final Vec LARGEST = Vec.ymm(6);
    /** INT4: the least number, then the minimum as it is read back. */
    private static final Vec LEAST = Vec.ymm(7);
    /** INT4: zero, or not a number where one of the numbers isn't finite. */
    private static final Vec NOTHING = Vec.ymm(8);

    /** The levels that four bits have above the minimum. */
    private static final int LEVELS = 15;

    /** Pairs of bytes become one byte: the first in the lower half. */
    private static final int PAIR_WEIGHTS = 0x1001_1001;

    /** Numbers as {@link BlockAttention#valueIndex} has them: even lanes, then odd ones. */
    private static final byte[] VALUE_ORDER = {0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15};

    private final Assembler a = new Assembler();
    private final KvType type;
    private final int dim;
    private final int step;

    private KvStoreKernel(KvType type, int dim, int step) {
        this.type = type;
        this.dim = dim;
        this.step = step;
    }

    /**
     * Arguments: rdi floats {@code [heads][dim]}, rsi where the token's number 0 of head 0 goes, rdx heads, rcx bytes from head
     * to head in the block, r8 where the token's scale of head 0 goes, for types that have one.
     *
     * @param step numbers (INT4: bytes) from one of the token's to the next within a run of 16
     */
    static byte[] generate(OperatingSystem system, KvType type, int dim, int step) {
        KvStoreKernel kernel = new KvStoreKernel(type, dim, step);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label head = new Label();
        frame.enter();
        a.bind(head);
        switch (type) {
            case F32, F16 -> {}
            case INT8 -> kernel.findScale();
            case INT4 -> kernel.findScaleAndMinimum();
        }
        kernel.storeHead();
        a.add(RSI, RCX);
        a.add(R8, RCX);
        a.sub(RDX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        frame.leave();
        return a.code();
    }

    /** Moves rdi on to the next head. */
    private void storeHead() {
        Label run = new Label();
        a.mov(RAX, RSI);
        a.mov32(RBX, dim / BLOCK);
        a.bind(run);
        switch (type) {
            case F32 -> copyRun();
            case F16 -> {
                halveEight(0);
                halveEight(8);
            }
            case INT8 -> quantizeRun();
            case INT4 -> quantizeRunToHalfBytes();
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RAX, new KvNumbers(type).bytes(BLOCK * step));
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, run);
    }

    private void copyRun() {
        for (int i = 0; i < BLOCK; i++) {
            a.mov32(RBP, Mem.at(RDI, i * Float.BYTES));
            a.mov32(Mem.at(RAX, i * step * Float.BYTES), RBP);
        }
    }

    private void halveEight(int first) {
        a.emit(Op.VMOVUPS, Vec.ymm(0), Mem.at(RDI, first * Float.BYTES));
        a.emit(Op.VCVTPS2PH_STORE, Vec.ymm(0), Vec.xmm(0), 0);
        for (int i = 0; i < 8; i++) {
            a.emit(Op.VPEXTRW_STORE, Vec.xmm(0), Mem.at(RAX, (first + i) * step * Short.BYTES), i);
        }
    }

    /** The scale of the head's vector goes to memory, its inverse to a register. Not finite where a number isn't. */
    private void findScale() {
        Label run = new Label();
        a.emit(Op.VPXOR, LARGEST, LARGEST, LARGEST);
        a.mov(RAX, RDI);
        a.mov32(RBX, dim / BLOCK);
        a.bind(run);
        for (int half = 0; half < 2; half++) {
            a.emit(Op.VMOVUPS, Vec.ymm(half), Mem.at(RAX, 32 * half));
            // magnitudes are compared as integers: the order is the same, and NaN is the largest
            a.emit(Op.VPAND, Vec.ymm(half), Vec.ymm(half), a.constant32(0x7FFF_FFFF));
            a.emit(Op.VPMAXSD, LARGEST, LARGEST, Vec.ymm(half));
        }
        a.add(RAX, BLOCK * Float.BYTES);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, run);
        new VectorMath(a, Width.Y).fold(Op.VPMAXSD, LARGEST, Vec.ymm(0));
        Vec largest = LARGEST.as(Width.X);
        Vec inverse = INVERSE.as(Width.X);
        Vec nothing = Vec.xmm(0);
        a.emit(Op.VMOVUPS, inverse, a.constantFloat(127));
        a.emit(Op.VDIVPS, SCALE, largest, inverse);
        // 0, but NaN where the largest is infinite: infinity times a rounded 0 would not be seen everywhere
        a.emit(Op.VSUBPS, nothing, largest, largest);
        a.emit(Op.VADDPS, SCALE, SCALE, nothing);
        a.emit(Op.VMOVSS_STORE, SCALE, Mem.at(R8, 0));
        a.emit(Op.VDIVPS, inverse, inverse, largest);
        // 127 / 0 is infinite, and infinity times 0 would not be 0
        a.emit(Op.VMINPS, inverse, inverse, a.constantFloat(Float.MAX_VALUE));
        a.emit(Op.VBROADCASTSS, INVERSE, inverse);
    }

    /** As {@link #findScale}, with the minimum behind the block's scales; both as they are read back. */
    private void findScaleAndMinimum() {
        Label run = new Label();
        a.emit(Op.VMOVUPS, LARGEST, a.constantFloat(Float.NEGATIVE_INFINITY));
        a.emit(Op.VMOVUPS, LEAST, a.constantFloat(Float.POSITIVE_INFINITY));
        a.emit(Op.VPXOR, NOTHING, NOTHING, NOTHING);
        a.mov(RAX, RDI);
        a.mov32(RBX, dim / BLOCK);
        a.bind(run);
        for (int half = 0; half < 2; half++) {
            a.emit(Op.VMOVUPS, Vec.ymm(0), Mem.at(RAX, 32 * half));
            a.emit(Op.VMAXPS, LARGEST, LARGEST, Vec.ymm(0));
            a.emit(Op.VMINPS, LEAST, LEAST, Vec.ymm(0));
            a.emit(Op.VSUBPS, Vec.ymm(0), Vec.ymm(0), Vec.ymm(0));
            a.emit(Op.VADDPS, NOTHING, NOTHING, Vec.ymm(0));
        }
        a.add(RAX, BLOCK * Float.BYTES);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, run);
        VectorMath math = new VectorMath(a, Width.Y);
        math.fold(Op.VMAXPS, LARGEST, Vec.ymm(0));
        math.fold(Op.VMINPS, LEAST, Vec.ymm(0));
        math.fold(Op.VADDPS, NOTHING, Vec.ymm(0));
        Vec inverse = INVERSE.as(Width.X);
        a.emit(Op.VSUBPS, SCALE, LARGEST.as(Width.X), LEAST.as(Width.X));
        a.emit(Op.VMOVUPS, inverse, a.constantFloat(LEVELS));
        a.emit(Op.VDIVPS, SCALE, SCALE, inverse);
        a.emit(Op.VADDPS, SCALE, SCALE, NOTHING.as(Width.X));
        storeHalf(SCALE, Mem.at(R8, 0));
        storeHalf(LEAST.as(Width.X), Mem.at(R8, KvNumbers.MINIMA));
        a.emit(Op.VBROADCASTSS, LEAST, LEAST.as(Width.X));
        a.emit(Op.VMOVUPS, inverse, a.constantFloat(1));
        a.emit(Op.VDIVPS, inverse, inverse, SCALE);
        a.emit(Op.VMINPS, inverse, inverse, a.constantFloat(Float.MAX_VALUE));
        a.emit(Op.VBROADCASTSS, INVERSE, inverse);
    }

    /** Stores the lowest number in 16 bits, and leaves what is read back. */
    private void storeHalf(Vec number, Mem place) {
        a.emit(Op.VCVTPS2PH_STORE, number, number, 0);
        a.emit(Op.VPEXTRW_STORE, number, place, 0);
        a.emit(Op.VCVTPH2PS, number, number);
    }

    /** Sixteen numbers become eight bytes. */
    private void quantizeRunToHalfBytes() {
        for (int half = 0; half < 2; half++) {
            Vec level = Vec.ymm(half);
            a.emit(Op.VMOVUPS, level, Mem.at(RDI, 32 * half));
            a.emit(Op.VSUBPS, level, level, LEAST);
            a.emit(Op.VMULPS, level, level, INVERSE);
            a.emit(Op.VMAXPS, level, level, a.constantFloat(0));
            a.emit(Op.VMINPS, level, level, a.constantFloat(LEVELS));
            a.emit(Op.VCVTPS2DQ, level, level);
        }
        packToBytes();
        if (step == 1) {
            a.emit(Op.VPSHUFB, Vec.xmm(0), Vec.xmm(0), a.table(VALUE_ORDER));
        }
        a.emit(Op.VPMADDUBSW, Vec.xmm(0), Vec.xmm(0), a.constant32(PAIR_WEIGHTS));
        for (int i = 0; i < BLOCK / 2; i++) {
            a.emit(Op.VPEXTRB_STORE, Vec.xmm(0), Mem.at(RAX, i * step), 2 * i);
        }
    }

    /** Two times eight integers become sixteen bytes in the lower half of register 0. */
    private void packToBytes() {
        a.emit(Op.VPACKSSDW, Vec.ymm(0), Vec.ymm(0), Vec.ymm(1));
        a.emit(Op.VPACKSSWB, Vec.ymm(0), Vec.ymm(0), Vec.ymm(0));
        // packing works within halves of the register: each has four bytes of the first eight numbers, then of the
        // second
        a.emit(Op.VEXTRACTF128, Vec.ymm(0), Vec.xmm(1), 1);
        a.emit(Op.VUNPCKLPS, Vec.xmm(0), Vec.xmm(0), Vec.xmm(1));
    }

    /** Sixteen numbers become bytes. */
    private void quantizeRun() {
        for (int half = 0; half < 2; half++) {
            a.emit(Op.VMULPS, Vec.ymm(half), INVERSE, Mem.at(RDI, 32 * half));
            a.emit(Op.VCVTPS2DQ, Vec.ymm(half), Vec.ymm(half));
        }
        packToBytes();
        if (step == 1) {
            a.emit(Op.VMOVDQU_STORE, Vec.xmm(0), Mem.at(RAX, 0));
        } else {
            for (int i = 0; i < BLOCK; i++) {
                a.emit(Op.VPEXTRB_STORE, Vec.xmm(0), Mem.at(RAX, i * step), i);
            }
        }
    }
}
