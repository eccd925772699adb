package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RSP;

/**
 * Generates the product of one panel of bfloat16 weight rows, two tiles wide, with a tile of tokens by AMX. Activations are the
 * sum of two bfloat16 within 2^-17, first all high parts of 32 columns are multiplied, then all low ones. A row of a tile is computed
 * alike however many there are, so one token takes the same way as many. Not tried on hardware.
 *
 * <p>A panel is {@code [columns / 2][rows][2]}, activations of a tile {@code [tokens][columns / 32][high x 32 | low x 32]}.
 */
final class Bf16TileKernel {
    /** So that a tile's results and one register more fit in 32. */
    static final int MAX_TOKENS = 15;

    private static final Tile[] SUMS = {new Tile(0), new Tile(1)};
    private static final Tile HIGH = new Tile(2);
    private static final Tile LOW = new Tile(3);
    private static final Tile[] WEIGHTS = {new Tile(4), new Tile(5)};

    private static final int ROW_BYTES = TileConfig.MAX_ROW_BYTES;
    private static final int PANEL_ROW_BYTES = 2 * ROW_BYTES;
    private static final int STEP_BYTES = 2 * ROW_BYTES;
    private static final int SCRATCH = 31;

    private final Assembler a = new Assembler();
    private final int tokens;

    private Bf16TileKernel(int tokens) {
        this.tokens = tokens;
    }

    /** The routine for tiles of {@code tokens} tokens; arguments as in {@link PanelLoop}, steps of k being 32 columns. */
    static byte[] generate(OperatingSystem system, int tokens) {
        Bf16TileKernel kernel = new Bf16TileKernel(tokens);
        TileConfig config = new TileConfig()
                .with(SUMS[0], tokens, ROW_BYTES)
                .with(SUMS[1], tokens, ROW_BYTES)
                .with(HIGH, tokens, ROW_BYTES)
                .with(LOW, tokens, ROW_BYTES)
                .with(WEIGHTS[0], TileConfig.MAX_ROWS, ROW_BYTES)
                .with(WEIGHTS[1], TileConfig.MAX_ROWS, ROW_BYTES);
        PanelLoop loop = new PanelLoop(kernel.a, Isa.AMX, tokens, SUMS.length);
        TileFrame frame = new TileFrame(kernel.a, config, tokens * PANEL_ROW_BYTES);
        loop.emit(system, 0, SCRATCH, frame, kernel::panel);
        return kernel.a.code();
    }

    private void panel() {
        for (Tile sum : SUMS) {
            a.tilezero(sum);
        }
        a.mov(R14, RCX);
        a.shl(R14, Integer.numberOfTrailingZeros(STEP_BYTES));
        a.mov32(RBP, PANEL_ROW_BYTES);
        Label step = new Label();
        a.align(32);
        a.bind(step);
        for (int part = 0; part < SUMS.length; part++) {
            a.tileloadd(WEIGHTS[part], Mem.at(RAX, RBP, 1, part * ROW_BYTES));
        }
        for (Tile activations : new Tile[] {HIGH, LOW}) {
            a.tileloadd(activations, Mem.at(RBX, R14, 1, activations == LOW ? ROW_BYTES : 0));
            for (int part = 0; part < SUMS.length; part++) {
                a.tdpbf16ps(SUMS[part], activations, WEIGHTS[part]);
            }
        }
        a.add(RAX, TileConfig.MAX_ROWS * PANEL_ROW_BYTES);
        a.add(RBX, STEP_BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, step);
        // one token's bytes were passed; on to the next tile
        a.mov32(R15, tokens - 1);
        a.imul(R15, R14);
        a.add(RBX, R15);
        for (int part = 0; part < SUMS.length; part++) {
            a.tilestored(Mem.at(RSP, RBP, 1, part * ROW_BYTES), SUMS[part]);
        }
        for (int i = 0; i < SUMS.length * tokens; i++) {
            a.emit(Op.VMOVUPS, Vec.zmm(i), Mem.at(RSP, i * ROW_BYTES));
        }
    }
}
