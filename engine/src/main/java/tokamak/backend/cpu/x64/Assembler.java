package tokamak.backend.cpu.x64;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Writes x86-64 machine code: the few general-purpose instructions a loop needs and every vector instruction of
 * {@link Op}. Constants go to a pool behind the code and are read relative to the instruction pointer.
 *
 * <p>Encodings: Intel SDM, volume 2. Not for reuse: one assembler, one routine.
 */
final class Assembler {
    /** Conditions of a jump; the value is the low nibble of the opcode. */
    enum Condition {
        BELOW(2),
        ABOVE_OR_EQUAL(3),
        ZERO(4),
        NOT_ZERO(5),
        BELOW_OR_EQUAL(6),
        ABOVE(7),
        LESS(0xC),
        GREATER(0xF);

        private final int code;

        Condition(int code) {
            this.code = code;
        }
    }

    /** Two-operand arithmetic; the ordinal is the number in the opcode group. */
    enum Arithmetic {
        ADD,
        OR,
        ADC,
        SBB,
        AND,
        SUB,
        XOR,
        CMP
    }

    /** What the pool holds: one zmm register full of the same 32 bits. */
    private record Constant(int dword) {}

    private byte[] code = new byte[4096];
    private int position;
    private final Map<Constant, Label> pool = new LinkedHashMap<>();
    private final Map<Label, byte[]> tables = new LinkedHashMap<>();

    // ---- vector instructions ---------------------------------------------------------------------------------------

    /** {@code target = op(source)}; for stores {@code target} is what is written and {@code source} where to. */
    void emit(Op op, Vec target, Operand source) {
        encode(op, target.number(), 0, source, widthOf(op, target), Mask.ALL, false, 0);
    }

    /** {@code target = op(left, right)}. */
    void emit(Op op, Vec target, Vec left, Operand right) {
        encode(op, target.number(), left.number(), right, widthOf(op, target), Mask.ALL, false, 0);
    }

    /** {@code target = op(source, constant)}: a shift by a constant, or a shuffle of one source. */
    void emit(Op op, Vec target, Operand source, int constant) {
        if (op.isShiftByConstant()) {
            encode(op, op.extension, target.number(), source, target.width(), Mask.ALL, false, 1);
        } else {
            encode(op, target.number(), 0, source, widthOf(op, target), Mask.ALL, false, 1);
        }
        byte8(constant);
    }

    /** {@code target = op(left, right, constant)}. */
    void emit(Op op, Vec target, Vec left, Operand right, int constant) {
        encode(op, target.number(), left.number(), right, widthOf(op, target), Mask.ALL, false, 1);
        byte8(constant);
    }

    /** {@code target = select} bitwise {@code ? ifOne : ifZero} by the sign of each lane (VEX only, AVX). */
    void vblendvps(Vec target, Vec ifZero, Operand ifOne, Vec select) {
        encode(Op.VBLENDVPS, target.number(), ifZero.number(), ifOne, target.width(), Mask.ALL, false, 1);
        byte8(select.number() << 4);
    }

    /** As {@link #emit(Op, Vec, Operand)}, only in the lanes of {@code mask}; the others keep what they held. */
    void emitMasked(Op op, Mask mask, Vec target, Operand source) {
        encode(op, target.number(), 0, source, widthOf(op, target), mask, false, 0);
    }

    /** As {@link #emit(Op, Vec, Operand)}, only in the lanes of {@code mask}; the others become zero. */
    void emitZeroing(Op op, Mask mask, Vec target, Operand source) {
        encode(op, target.number(), 0, source, widthOf(op, target), mask, true, 0);
    }

    void emitMasked(Op op, Mask mask, Vec target, Vec left, Operand right) {
        encode(op, target.number(), left.number(), right, widthOf(op, target), mask, false, 0);
    }

    /** A test of two vectors whose result is a mask. */
    void emitTest(Op op, Mask target, Vec left, Operand right) {
        encode(op, target.number(), left.number(), right, left.width(), Mask.ALL, false, 0);
    }

    void emitTest(Op op, Mask target, Vec left, Operand right, int constant) {
        encode(op, target.number(), left.number(), right, left.width(), Mask.ALL, false, 1);
        byte8(constant);
    }

    void vzeroupper() {
        bytes(0xC5, 0xF8, 0x77);
    }

    /** Scalar instructions have no width of their own; everything else is as wide as its register operand. */
    private static Width widthOf(Op op, Vec register) {
        return switch (op) {
            case VADDSS, VMULSS, VMOVSS, VMOVSS_STORE, VMOVD_STORE -> Width.X;
            default -> register.width();
        };
    }

    private void encode(
            Op op, int reg, int vvvv, Operand rm, Width width, Mask mask, boolean zeroing, int constantBytes) {
        boolean broadcast = rm instanceof Mem m && m.broadcast();
        boolean high = vvvv > 15 || rm instanceof Vec v && v.number() > 15 || reg > 15;
        boolean needsEvex = width == Width.Z || high || broadcast || mask.number() != 0;
        if (op.forms == Op.Forms.VEX_ONLY && needsEvex) {
            throw new IllegalArgumentException(op + " has no EVEX form");
        }
        if (needsEvex || op.forms == Op.Forms.EVEX_ONLY) {
            evex(op, reg, vvvv, rm, width, broadcast, mask, zeroing);
            modRm(reg, rm, op.tuple.bytes(width, broadcast), constantBytes);
        } else {
            vex(op, reg, vvvv, rm, width);
            modRm(reg, rm, 1, constantBytes);
        }
    }

    private void vex(Op op, int reg, int vvvv, Operand rm, Width width) {
        int notR = ~reg >> 3 & 1;
        int low = (~vvvv & 15) << 3 | width.ordinal() << 2 | op.prefix.ordinal();
        if (op.escape == Op.Escape.M0F && extendIndex(rm) == 0 && extendBase(rm) == 0) {
            bytes(0xC5, notR << 7 | low);
        } else {
            int top = notR << 7 | (extendIndex(rm) ^ 1) << 6 | (extendBase(rm) ^ 1) << 5;
            bytes(0xC4, top | op.escape.ordinal() + 1, op.wide() << 7 | low);
        }
        byte8(op.opcode);
    }

    private void evex(
            Op op, int reg, int vvvv, Operand rm, Width width, boolean broadcast, Mask mask, boolean zeroing) {
        // A register in rm has its fifth bit where memory operands have the index's fourth.
        int x = rm instanceof Vec v ? v.number() >> 4 & 1 : extendIndex(rm);
        int first = (~reg >> 3 & 1) << 7 | (x ^ 1) << 6 | (extendBase(rm) ^ 1) << 5 | (~reg >> 4 & 1) << 4;
        int second = op.wide() << 7 | (~vvvv & 15) << 3 | 1 << 2 | op.prefix.ordinal();
        int third = bit(zeroing) << 7 | width.ordinal() << 5 | bit(broadcast) << 4 | (~vvvv >> 4 & 1) << 3;
        bytes(0x62, first | op.escape.ordinal() + 1, second, third | mask.number());
        byte8(op.opcode);
    }

    private static int bit(boolean set) {
        return set ? 1 : 0;
    }

    private static int extendIndex(Operand rm) {
        return rm instanceof Mem m && m.index() != null ? m.index().number() >> 3 : 0;
    }

    private static int extendBase(Operand rm) {
        return switch (rm) {
            case Vec v -> v.number() >> 3 & 1;
            case Tile _ -> 0;
            case Mem m -> m.base() == null ? 0 : m.base().number() >> 3;
        };
    }

    /**
     * The ModRM byte and what follows it.
     *
     * @param unit what an 8-bit displacement counts in: 1, or for EVEX the size of the memory operand
     * @param constantBytes bytes of a constant still to come, because a place relative to the instruction pointer counts
     *     from the end of the instruction
     */
    private void modRm(int reg, Operand rm, int unit, int constantBytes) {
        int middle = (reg & 7) << 3;
        switch (rm) {
            case Vec v -> byte8(0xC0 | middle | v.number() & 7);
            case Tile t -> byte8(0xC0 | middle | t.number());
            case Mem m -> {
                if (m.base() == null) {
                    byte8(middle | 5);
                    referTo(Objects.requireNonNull(m.label()), constantBytes);
                } else {
                    address(middle, m, m.base(), unit);
                }
            }
        }
    }

    private void address(int middle, Mem m, Gpr base, int unit) {
        int low = base.number() & 7;
        boolean needsSib = m.index() != null || low == Gpr.RSP.number();
        boolean fitsByte = m.disp() % unit == 0 && m.disp() / unit >= -128 && m.disp() / unit <= 127;
        // mod 0 with rbp or r13 as base means something else, so these always carry a displacement
        int mod = m.disp() == 0 && low != Gpr.RBP.number() ? 0 : fitsByte ? 1 : 2;
        byte8(mod << 6 | middle | (needsSib ? 4 : low));
        if (needsSib) {
            int index = m.index() == null ? 4 : m.index().number() & 7;
            byte8(Integer.numberOfTrailingZeros(m.scale()) << 6 | index << 3 | low);
        }
        if (mod == 1) {
            byte8(m.disp() / unit);
        } else if (mod == 2) {
            int32(m.disp());
        }
    }

    // ---- mask registers --------------------------------------------------------------------------------------------

    /** The low 16 bits of a general-purpose register become a mask. */
    void kmovw(Mask target, Gpr source) {
        bytes(0xC5, 0xF8);
        if (source.number() > 7) {
            throw new IllegalArgumentException("kmovw from " + source + " is not encoded");
        }
        bytes(0x92, 0xC0 | target.number() << 3 | source.number());
    }

    // ---- tiles (AMX) -----------------------------------------------------------------------------------------------

    /** Configures the tiles by 64 bytes: {@link TileConfig}. */
    void ldtilecfg(Mem config) {
        tile(Op.Prefix.NP, 0x49, 0, 0, config);
    }

    void tilerelease() {
        bytes(0xC4, 0xE2, 0x78, 0x49, 0xC0);
    }

    void tilezero(Tile target) {
        tile(Op.Prefix.PF2, 0x49, target.number(), 0, new Tile(0));
    }

    /** @param rows base and index: the index is the distance of rows */
    void tileloadd(Tile target, Mem rows) {
        tile(Op.Prefix.PF2, 0x4B, target.number(), 0, withIndex(rows));
    }

    void tilestored(Mem rows, Tile source) {
        tile(Op.Prefix.PF3, 0x4B, source.number(), 0, withIndex(rows));
    }

    /** Adds the products of signed bytes of {@code left} and unsigned ones of {@code right}. */
    void tdpbsud(Tile target, Tile left, Tile right) {
        tile(Op.Prefix.PF3, 0x5E, target.number(), right.number(), left);
    }

    /** Adds the products of pairs of bfloat16. */
    void tdpbf16ps(Tile target, Tile left, Tile right) {
        tile(Op.Prefix.PF3, 0x5C, target.number(), right.number(), left);
    }

    private static Mem withIndex(Mem rows) {
        if (rows.index() == null) {
            throw new IllegalArgumentException("rows of a tile need an index register: " + rows);
        }
        return rows;
    }

    private void tile(Op.Prefix prefix, int opcode, int reg, int vvvv, Operand rm) {
        int top = 1 << 7 | (extendIndex(rm) ^ 1) << 6 | (extendBase(rm) ^ 1) << 5;
        bytes(0xC4, top | Op.Escape.M0F38.ordinal() + 1, (~vvvv & 15) << 3 | prefix.ordinal(), opcode);
        modRm(reg, rm, 1, 0);
    }

    // ---- general-purpose instructions ------------------------------------------------------------------------------

    void mov(Gpr target, Gpr source) {
        rex(1, source.number(), 0, target.number());
        bytes(0x89, 0xC0 | (source.number() & 7) << 3 | target.number() & 7);
    }

    void mov(Gpr target, Mem source) {
        rexFor(1, target, source);
        byte8(0x8B);
        modRm(target.number(), source, 1, 0);
    }

    void mov(Mem target, Gpr source) {
        rexFor(1, source, target);
        byte8(0x89);
        modRm(source.number(), target, 1, 0);
    }

    /** Loads 32 bits; the upper half becomes zero. */
    void mov32(Gpr target, Mem source) {
        rexFor(0, target, source);
        byte8(0x8B);
        modRm(target.number(), source, 1, 0);
    }

    void mov32(Mem target, Gpr source) {
        rexFor(0, source, target);
        byte8(0x89);
        modRm(source.number(), target, 1, 0);
    }

    /** A 32-bit constant; the upper half becomes zero. */
    void mov32(Gpr target, int constant) {
        rex(0, 0, 0, target.number());
        byte8(0xB8 | target.number() & 7);
        int32(constant);
    }

    void lea(Gpr target, Mem source) {
        rexFor(1, target, source);
        byte8(0x8D);
        modRm(target.number(), source, 1, 0);
    }

    void arithmetic(Arithmetic what, Gpr target, Gpr source) {
        rex(1, source.number(), 0, target.number());
        bytes(what.ordinal() << 3 | 1, 0xC0 | (source.number() & 7) << 3 | target.number() & 7);
    }

    void arithmetic(Arithmetic what, Gpr target, int constant) {
        rex(1, 0, 0, target.number());
        int modRm = 0xC0 | what.ordinal() << 3 | target.number() & 7;
        if (constant == (byte) constant) {
            bytes(0x83, modRm, constant);
        } else if (target == Gpr.RAX) {
            byte8(what.ordinal() << 3 | 5);
            int32(constant);
        } else {
            bytes(0x81, modRm);
            int32(constant);
        }
    }

    void add(Gpr target, Gpr source) {
        arithmetic(Arithmetic.ADD, target, source);
    }

    void add(Gpr target, int constant) {
        arithmetic(Arithmetic.ADD, target, constant);
    }

    void sub(Gpr target, Gpr source) {
        arithmetic(Arithmetic.SUB, target, source);
    }

    void sub(Gpr target, int constant) {
        arithmetic(Arithmetic.SUB, target, constant);
    }

    void cmp(Gpr left, Gpr right) {
        arithmetic(Arithmetic.CMP, left, right);
    }

    void cmp(Gpr left, int constant) {
        arithmetic(Arithmetic.CMP, left, constant);
    }

    void neg(Gpr target) {
        rex(1, 0, 0, target.number());
        bytes(0xF7, 0xD8 | target.number() & 7);
    }

    void shl(Gpr target, int count) {
        rex(1, 0, 0, target.number());
        bytes(0xC1, 0xE0 | target.number() & 7, count);
    }

    void shr(Gpr target, int count) {
        rex(1, 0, 0, target.number());
        bytes(0xC1, 0xE8 | target.number() & 7, count);
    }

    void imul(Gpr target, Gpr source) {
        rex(1, target.number(), 0, source.number());
        bytes(0x0F, 0xAF, 0xC0 | (target.number() & 7) << 3 | source.number() & 7);
    }

    void push(Gpr source) {
        rex(0, 0, 0, source.number());
        byte8(0x50 | source.number() & 7);
    }

    void pop(Gpr target) {
        rex(0, 0, 0, target.number());
        byte8(0x58 | target.number() & 7);
    }

    void prefetchT0(Mem place) {
        prefetch(1, place);
    }

    void prefetchNta(Mem place) {
        prefetch(0, place);
    }

    private void prefetch(int hint, Mem place) {
        rexFor(0, Gpr.RAX, place);
        bytes(0x0F, 0x18);
        modRm(hint, place, 1, 0);
    }

    void cpuid() {
        bytes(0x0F, 0xA2);
    }

    void xgetbv() {
        bytes(0x0F, 0x01, 0xD0);
    }

    void ret() {
        byte8(0xC3);
    }

    private void rexFor(int wide, Gpr reg, Mem m) {
        rex(wide, reg.number(), extendIndex(m) << 3, extendBase(m) << 3);
    }

    private void rex(int wide, int reg, int index, int base) {
        int rex = 0x40 | wide << 3 | reg >> 3 << 2 | index >> 3 << 1 | base >> 3;
        if (rex != 0x40) {
            byte8(rex);
        }
    }

    // ---- labels, alignment, constants ------------------------------------------------------------------------------

    void bind(Label label) {
        label.bindTo(position);
        for (Label.Fixup fixup : label.fixups()) {
            int distance = position - fixup.instructionEnd();
            for (int i = 0; i < 4; i++) {
                code[fixup.at() + i] = (byte) (distance >> 8 * i);
            }
        }
    }

    /** Jumps backwards take the short form where they can; forwards always the long one. */
    void jump(Condition condition, Label target) {
        if (target.isBound() && target.position() - (position + 2) >= -128) {
            bytes(0x70 | condition.code, target.position() - (position + 2));
        } else {
            bytes(0x0F, 0x80 | condition.code);
            referTo(target, 0);
        }
    }

    void jump(Label target) {
        if (target.isBound() && target.position() - (position + 2) >= -128) {
            bytes(0xEB, target.position() - (position + 2));
        } else {
            byte8(0xE9);
            referTo(target, 0);
        }
    }

    private void referTo(Label label, int bytesAfter) {
        int end = position + 4 + bytesAfter;
        if (label.isBound()) {
            int32(label.position() - end);
        } else {
            label.addFixup(new Label.Fixup(position, end));
            int32(0);
        }
    }

    /** Fills up with the long no-operation forms, so that a loop's head sits on its own fetch line. */
    void align(int boundary) {
        int missing = -position & boundary - 1;
        while (missing >= 4) {
            bytes(0x0F, 0x1F, 0x40, 0x00);
            missing -= 4;
        }
        switch (missing) {
            case 3 -> bytes(0x0F, 0x1F, 0x00);
            case 2 -> bytes(0x66, 0x90);
            case 1 -> byte8(0x90);
            default -> {}
        }
    }

    /** A vector whose 32-bit lanes all hold {@code value}, in memory; usable at any width. */
    Mem constant32(int value) {
        return Mem.at(pool.computeIfAbsent(new Constant(value), _ -> new Label()));
    }

    Mem constantFloat(float value) {
        return constant32(Float.floatToRawIntBits(value));
    }

    /** A vector whose bytes all hold {@code value}. */
    Mem constantBytes(int value) {
        return constant32((value & 0xFF) * 0x01010101);
    }

    /** Bytes of the caller's own, aligned to 64. */
    Mem table(byte[] content) {
        Label label = new Label();
        tables.put(label, content.clone());
        return Mem.at(label);
    }

    /** The routine with its constants. */
    byte[] code() {
        if (!pool.isEmpty() || !tables.isEmpty()) {
            align(64);
        }
        pool.forEach((constant, label) -> {
            bind(label);
            for (int i = 0; i < Width.Z.lanes(); i++) {
                int32(constant.dword());
            }
        });
        tables.forEach((label, content) -> {
            align(64);
            bind(label);
            for (byte b : content) {
                byte8(b);
            }
        });
        return Arrays.copyOf(code, position);
    }

    int position() {
        return position;
    }

    private void bytes(int... values) {
        for (int value : values) {
            byte8(value);
        }
    }

    private void int32(int value) {
        bytes(value, value >> 8, value >> 16, value >> 24);
    }

    private void byte8(int value) {
        if (position == code.length) {
            code = Arrays.copyOf(code, 2 * position);
        }
        code[position++] = (byte) value;
    }
}
