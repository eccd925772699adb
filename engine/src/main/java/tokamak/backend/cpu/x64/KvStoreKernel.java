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
    private static final int BLOCK = AttentionKernels.BLOCK;
    private static final Vec SCALE = Vec.xmm(4);
    private static final Vec INVERSE = Vec.ymm(5);
    private static final Vec LARGEST = Vec.ymm(6);

    private final Assembler a = new Assembler();
    private final KvType type;
    private final int dim;
    private final int step;
    private final int runStep;

    private KvStoreKernel(KvType type, int dim, int step, int runStep) {
        this.type = type;
        this.dim = dim;
        this.step = step;
        this.runStep = runStep;
    }

    /**
     * Arguments: rdi floats {@code [heads][dim]}, rsi where the token's number 0 of head 0 goes, rdx heads, rcx bytes from head
     * to head in the block, r8 where the token's scale of head 0 goes, for types that have one.
     *
     * @param step numbers from one number of the token to the next within a run of 16
     * @param runStep numbers from one run of 16 to the next
     */
    static byte[] generate(OperatingSystem system, KvType type, int dim, int step, int runStep) {
        KvStoreKernel kernel = new KvStoreKernel(type, dim, step, runStep);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label head = new Label();
        frame.enter();
        a.bind(head);
        if (type == KvType.INT8) {
            kernel.findScale();
        }
        kernel.storeHead();
        a.add(RSI, RCX);
        if (type == KvType.INT8) {
            a.add(R8, RCX);
        }
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
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RAX, runStep * AttentionKernels.numberBytes(type));
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

    /** Sixteen numbers become bytes in the lower half of a register. */
    private void quantizeRun() {
        for (int half = 0; half < 2; half++) {
            a.emit(Op.VMULPS, Vec.ymm(half), INVERSE, Mem.at(RDI, 32 * half));
            a.emit(Op.VCVTPS2DQ, Vec.ymm(half), Vec.ymm(half));
        }
        a.emit(Op.VPACKSSDW, Vec.ymm(0), Vec.ymm(0), Vec.ymm(1));
        a.emit(Op.VPACKSSWB, Vec.ymm(0), Vec.ymm(0), Vec.ymm(0));
        // packing works within halves of the register: each has four bytes of the first eight numbers, then of the
        // second
        a.emit(Op.VEXTRACTF128, Vec.ymm(0), Vec.xmm(1), 1);
        a.emit(Op.VUNPCKLPS, Vec.xmm(0), Vec.xmm(0), Vec.xmm(1));
        if (step == 1) {
            a.emit(Op.VMOVDQU_STORE, Vec.xmm(0), Mem.at(RAX, 0));
        } else {
            for (int i = 0; i < BLOCK; i++) {
                a.emit(Op.VPEXTRB_STORE, Vec.xmm(0), Mem.at(RAX, i * step), i);
            }
        }
    }
}
