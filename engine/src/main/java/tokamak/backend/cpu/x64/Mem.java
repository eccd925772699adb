package tokamak.backend.cpu.x64;

import org.jspecify.annotations.Nullable;

/**
 * A memory operand: {@code [base + index * scale + disp]}, or the place of a label relative to the instruction pointer.
 *
 * @param broadcast EVEX embedded broadcast: one 32-bit number is read and used in every lane
 */
record Mem(
        @Nullable Gpr base,
        @Nullable Gpr index,
        int scale,
        int disp,
        @Nullable Label label,
        boolean broadcast) implements Operand {
    Mem {
        if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
            throw new IllegalArgumentException("scale " + scale + " is not 1, 2, 4 or 8");
        }
        if (index == Gpr.RSP) {
            throw new IllegalArgumentException("rsp can't be an index");
        }
        if ((base == null) == (label == null)) {
            throw new IllegalArgumentException("a memory operand has either a base register or a label");
        }
    }

    static Mem at(Gpr base, int disp) {
        return new Mem(base, null, 1, disp, null, false);
    }

    static Mem at(Gpr base, Gpr index, int scale, int disp) {
        return new Mem(base, index, scale, disp, null, false);
    }

    static Mem at(Label label) {
        return new Mem(null, null, 1, 0, label, false);
    }

    /** The same 32-bit number in every lane (EVEX only). */
    Mem broadcastDword() {
        return new Mem(base, index, scale, disp, label, true);
    }
}
