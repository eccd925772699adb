package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBX;

/**
 * Generates the product of one panel of float weight rows, two registers wide, with a tile of tokens. Every result is one
 * chain of fused multiply-adds over k, front to back, whatever the tile.
 *
 * <p>A panel is {@code [columns][rows of a panel]}, except that bfloat16 comes in pairs {@code [columns / 2][rows][2]}: a pair in
 * a 32-bit lane becomes two floats by a shift and a mask. Where blocks have scales, a block of columns begins with those of all
 * rows, times {@link #FP8_SHIFT}. Activations of a tile are {@code [columns][tokens]} floats.
 */
final class FloatLinearKernel {
    /** Columns per turn of the loop; columns are padded to a multiple of it with zeros. */
    static final int UNROLL = 4;
    /** Only tiles this small are bound by memory, where asking ahead pays: by page and by line, for one token and for two. */
    static final int MAX_TOKENS_ASKING = 2;

    /** Registers of weight rows per panel: each activation that is fetched is used twice. */
    static final int PANEL_REGISTERS = 2;

    /** What E4M3 bits must be multiplied with after they were moved to where float32 has its own. */
    static final float FP8_SHIFT = 0x1p120f;

    private final Assembler a = new Assembler();
    private final Isa isa;
    private final FloatFormat format;
    private final int tokens;
    private final PanelLoop loop;

    private FloatLinearKernel(Isa isa, FloatFormat format, int tokens) {
        this.isa = isa;
        this.format = format;
        this.tokens = tokens;
        this.loop = new PanelLoop(a, isa, tokens, PANEL_REGISTERS);
    }

    /** Tokens of the largest tile. */
    static int maxTokens(Isa isa) {
        return isa.numRegisters() == 32 ? 12 : 6;
    }

    static int panelRows(Isa isa) {
        return PANEL_REGISTERS * isa.lanes();
    }

    /** The routine for tiles of {@code tokens} tokens; arguments as in {@link PanelLoop}, steps of k being {@link FloatFormat#unit}. */
    static byte[] generate(Isa isa, OperatingSystem system, FloatFormat format, int tokens) {
        FloatLinearKernel kernel = new FloatLinearKernel(isa, format, tokens);
        kernel.loop.emit(system, 0, kernel.activation().number(), kernel::panel);
        return kernel.a.code();
    }

    private Vec register(int number) {
        return new Vec(isa.width(), number);
    }

    private Vec sum(int token, int part) {
        return register(PANEL_REGISTERS * token + part);
    }

    private Vec weight(int part) {
        return register(PANEL_REGISTERS * maxTokens(isa) + part);
    }

    private Vec activation() {
        return weight(PANEL_REGISTERS);
    }

    private void panel() {
        for (int token = 0; token < tokens; token++) {
            for (int part = 0; part < PANEL_REGISTERS; part++) {
                a.emit(Op.VPXOR, sum(token, part), sum(token, part), sum(token, part));
            }
        }
        if (tokens <= MAX_TOKENS_ASKING) {
            int scaleBytes = format.hasScales() ? Float.BYTES : 0;
            loop.askForPages(panelRows(isa) * (scaleBytes + format.unit() * format.bytes()));
        }
        if (format.hasScales()) {
            Label block = new Label();
            a.align(32);
            a.bind(block);
            a.mov(R15, RAX);
            a.add(RAX, panelRows(isa) * Float.BYTES);
            a.mov32(R14, format.unit() / UNROLL);
            columns(R14);
            a.sub(R12, 1);
            a.jump(Assembler.Condition.NOT_ZERO, block);
        } else {
            columns(R12);
        }
    }

    /** @param counter of turns of {@link #UNROLL} columns; zero afterwards */
    private void columns(Gpr counter) {
        int stepBytes = panelRows(isa) * format.bytes();
        Label turn = new Label();
        a.align(32);
        a.bind(turn);
        if (tokens <= MAX_TOKENS_ASKING) {
            loop.askForLines(UNROLL * stepBytes);
        }
        for (int k = 0; k < UNROLL; k++) {
            for (int part = 0; part < PANEL_REGISTERS; part++) {
                load(k, part);
            }
            for (int token = 0; token < tokens; token++) {
                a.emit(Op.VBROADCASTSS, activation(), Mem.at(RBX, Float.BYTES * (k * tokens + token)));
                for (int part = 0; part < PANEL_REGISTERS; part++) {
                    a.emit(Op.VFMADD231PS, sum(token, part), weight(part), activation());
                }
            }
        }
        a.add(RAX, UNROLL * stepBytes);
        a.add(RBX, UNROLL * Float.BYTES * tokens);
        a.sub(counter, 1);
        a.jump(Assembler.Condition.NOT_ZERO, turn);
    }

    /** Weights of column k as floats. */
    private void load(int k, int part) {
        Vec weight = weight(part);
        int lanes = isa.lanes();
        int place = (k * PANEL_REGISTERS + part) * lanes * format.bytes();
        switch (format) {
            case F32 -> a.emit(Op.VMOVUPS, weight, Mem.at(RAX, place));
            case F16 -> a.emit(Op.VCVTPH2PS, weight, Mem.at(RAX, place));
            case BF16 -> {
                a.emit(Op.VMOVDQU, weight, Mem.at(RAX, (k / 2 * PANEL_REGISTERS + part) * lanes * 4));
                if (k % 2 == 0) {
                    a.emit(Op.VPSLLD, weight, weight, 16);
                } else {
                    a.emit(Op.VPAND, weight, weight, a.constant32(0xFFFF_0000));
                }
            }
            case F8_E4M3 -> {
                loadFp8(weight, place);
                a.emit(Op.VMULPS, weight, weight, a.constantFloat(FP8_SHIFT));
            }
            case F8_G32, F8_G64, F8_G128 -> {
                loadFp8(weight, place);
                a.emit(Op.VMULPS, weight, weight, Mem.at(R15, part * lanes * Float.BYTES));
            }
        }
    }

    /** Sign to the top, exponent and mantissa to where float32 has the low bits of its own: 2^120 too small. */
    private void loadFp8(Vec weight, int place) {
        a.emit(Op.VPMOVSXBD, weight, Mem.at(RAX, place));
        a.emit(Op.VPSLLD, weight, weight, 20);
        a.emit(Op.VPAND, weight, weight, a.constant32(0x87F0_0000));
    }
}
