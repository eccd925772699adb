package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBX;

/**
 * Generates the product of one panel of bfloat16 weight rows, two registers wide, with a tile of tokens by AVX512_BF16: two
 * columns per instruction, of which the second is added first. A result is one chain of them over k, front to back, whatever the tile.
 *
 * <p>A panel is {@code [columns / 2][rows][2]}, activations of a tile {@code [columns / 2][tokens][2]} bfloat16.
 */
final class Bf16LinearKernel {
    /** Pairs of columns per turn of the loop. */
    static final int UNROLL = 4;

    private static final int PAIR_BYTES = 2 * Short.BYTES;
    private static final int PANEL_REGISTERS = FloatLinearKernel.PANEL_REGISTERS;

    private final Assembler a = new Assembler();
    private final Isa isa;
    private final int tokens;
    private final PanelLoop loop;

    private Bf16LinearKernel(Isa isa, int tokens) {
        this.isa = isa;
        this.tokens = tokens;
        this.loop = new PanelLoop(a, isa, tokens, PANEL_REGISTERS);
    }

    /** The routine for tiles of {@code tokens} tokens; arguments as in {@link PanelLoop}, steps of k being {@link #UNROLL} pairs. */
    static byte[] generate(Isa isa, OperatingSystem system, int tokens) {
        Bf16LinearKernel kernel = new Bf16LinearKernel(isa, tokens);
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
        return register(PANEL_REGISTERS * FloatLinearKernel.maxTokens(isa) + part);
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
        int weightBytes = PANEL_REGISTERS * isa.width().bytes();
        if (tokens <= FloatLinearKernel.MAX_TOKENS_ASKING) {
            loop.askForPages(UNROLL * weightBytes);
        }
        Label turn = new Label();
        a.align(32);
        a.bind(turn);
        if (tokens <= FloatLinearKernel.MAX_TOKENS_ASKING) {
            loop.askForLines(UNROLL * weightBytes);
        }
        for (int pair = 0; pair < UNROLL; pair++) {
            for (int part = 0; part < PANEL_REGISTERS; part++) {
                int place = pair * weightBytes + part * isa.width().bytes();
                a.emit(Op.VMOVUPS, weight(part), Mem.at(RAX, place));
            }
            for (int token = 0; token < tokens; token++) {
                multiply(pair, token);
            }
        }
        a.add(RAX, UNROLL * weightBytes);
        a.add(RBX, UNROLL * tokens * PAIR_BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, turn);
    }

    private void multiply(int pair, int token) {
        a.emit(Op.VBROADCASTSS, activation(), Mem.at(RBX, (pair * tokens + token) * PAIR_BYTES));
        for (int part = 0; part < PANEL_REGISTERS; part++) {
            a.emit(Op.VDPBF16PS, sum(token, part), weight(part), activation());
        }
    }
}
