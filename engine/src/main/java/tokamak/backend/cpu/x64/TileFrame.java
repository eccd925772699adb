package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RSP;

/**
 * What a routine with tiles does once around its loops: configures the tiles, and makes room for their rows at {@code rsp},
 * aligned to 64 bytes. Vector registers and tiles exchange numbers through memory only.
 *
 * @param bytes of room
 */
record TileFrame(Assembler a, TileConfig config, int bytes) implements PanelLoop.Surroundings {
    private static final int ALIGNMENT = 64;

    @Override
    public void enter() {
        a.mov(RAX, RSP);
        a.sub(RSP, roundedBytes() + ALIGNMENT);
        a.arithmetic(Assembler.Arithmetic.AND, RSP, -ALIGNMENT);
        a.mov(Mem.at(RSP, roundedBytes()), RAX);
        a.ldtilecfg(a.table(config.bytes()));
    }

    @Override
    public void leave() {
        a.tilerelease();
        a.mov(RSP, Mem.at(RSP, roundedBytes()));
    }

    private int roundedBytes() {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
