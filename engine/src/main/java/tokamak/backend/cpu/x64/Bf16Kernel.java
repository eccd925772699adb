package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

/**
 * Generates what makes bfloat16 of the floats of one token, to the nearest, ties to even; what is smaller than 2^-126 becomes zero.
 * Needs AVX512_BF16.
 */
final class Bf16Kernel {
    /** Columns per turn of the loop; columns are padded to a multiple of it with zeros. */
    static final int UNIT = 32;

    /** What is made. */
    enum Form {
        /** {@code round(x)}, in pairs of columns with a stride from pair to pair, between which other tokens lie. */
        PAIRS,
        /**
         * {@code high = round(x)} and {@code low = round(x - high)}, whose sum differs from x by at most 2^-17 of it; per
         * {@link #UNIT} columns all high parts, then all low ones. Where x is not finite low is zero, so that x reaches the result.
         */
        HIGH_AND_LOW
    }

    private static final int LANES = Width.Z.lanes();
    private static final int ORDERED = 7;
    private static final Mask[] PRESENT = {new Mask(2), new Mask(3)};
    private static final Mask IS_NUMBER = new Mask(4);
    private static final Vec X = Vec.zmm(0);
    private static final Vec HIGH = Vec.zmm(1);
    private static final Vec LOW = Vec.zmm(2);
    private static final Vec WIDENED = Vec.zmm(3);
    private static final Vec UPPER = Vec.xmm(3);

    private final Assembler a = new Assembler();
    private final Form form;

    private Bf16Kernel(Form form) {
        this.form = form;
    }

    /**
     * Arguments: rdi floats, rsi target, rdx whole units of columns, rcx stride in bytes of {@link Form#PAIRS}, r8 and r9 masks
     * of the two halves of one more unit that is not whole, r8 being 0 if there is none.
     */
    static byte[] generate(OperatingSystem system, Form form) {
        Bf16Kernel kernel = new Bf16Kernel(form);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label unit = new Label();
        Label tail = new Label();
        Label done = new Label();
        frame.enter();
        a.mov32(RAX, 0xFFFF);
        for (Mask mask : PRESENT) {
            a.kmovw(mask, RAX);
        }
        a.align(32);
        a.bind(unit);
        a.cmp(RDX, 0);
        a.jump(Assembler.Condition.ZERO, tail);
        for (int half = 0; half < 2; half++) {
            kernel.convert(half);
        }
        a.add(RDI, UNIT * Float.BYTES);
        if (form == Form.HIGH_AND_LOW) {
            a.add(RSI, UNIT * Float.BYTES);
        }
        a.sub(RDX, 1);
        a.jump(unit);
        a.bind(tail);
        a.cmp(R8, 0);
        a.jump(Assembler.Condition.ZERO, done);
        a.mov(RAX, R8);
        a.kmovw(PRESENT[0], RAX);
        a.mov(RAX, R9);
        a.kmovw(PRESENT[1], RAX);
        a.mov32(R8, 0);
        a.mov32(RDX, 1);
        a.jump(unit);
        a.bind(done);
        frame.leave();
        return a.code();
    }

    /** Calls the routine for one token. */
    static void convert(Routine routine, long x, long columns, long target, long stride) {
        int mask = (1 << columns % UNIT) - 1;
        routine.call(x, target, columns / UNIT, stride, mask & 0xFFFF, mask >>> 16, 0, 0);
    }

    private void convert(int half) {
        a.emitZeroing(Op.VMOVUPS, PRESENT[half], X, Mem.at(RDI, half * LANES * Float.BYTES));
        a.emit(Op.VCVTNEPS2BF16, HIGH, X);
        switch (form) {
            case PAIRS -> storePairs();
            case HIGH_AND_LOW -> {
                a.emit(Op.VMOVUPS_STORE, HIGH.as(Width.Y), Mem.at(RSI, half * LANES * Short.BYTES));
                findLow();
                a.emit(Op.VMOVUPS_STORE, LOW.as(Width.Y), Mem.at(RSI, (UNIT + half * LANES) * Short.BYTES));
            }
        }
    }

    private void findLow() {
        a.emit(Op.VPMOVZXWD, WIDENED, HIGH.as(Width.Y));
        a.emit(Op.VPSLLD, WIDENED, WIDENED, 16);
        a.emit(Op.VSUBPS, LOW, X, WIDENED);
        a.emitTest(Op.VCMPPS_MASK, IS_NUMBER, LOW, LOW, ORDERED);
        a.emitZeroing(Op.VMOVUPS, IS_NUMBER, LOW, LOW);
        a.emit(Op.VCVTNEPS2BF16, LOW, LOW);
    }

    private void storePairs() {
        for (int quarter = 0; quarter < 2; quarter++) {
            Vec four = HIGH.as(Width.X);
            if (quarter == 1) {
                four = UPPER;
                a.emit(Op.VEXTRACTF128, HIGH.as(Width.Y), UPPER, 1);
            }
            for (int pair = 0; pair < Width.X.lanes(); pair++) {
                a.emit(Op.VPEXTRD_STORE, four, Mem.at(RSI, 0), pair);
                a.add(RSI, RCX);
            }
        }
    }
}
