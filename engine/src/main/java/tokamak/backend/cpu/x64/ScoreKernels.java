package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;

import tokamak.backend.KvType;

/**
 * Generates the products of queries and keys: the first pass of attention over a stretch of KV blocks, for a tile of query rows
 * that read the same key heads. Whatever the tile, a row's sums run in the same order.
 */
final class ScoreKernels {
    private static final int BLOCK = KvNumbers.BLOCK;

    private final AttentionCode code;
    private final Assembler a;
    private final Isa isa;
    private final KvType type;
    private final KvNumbers numbers;
    private final int rows;
    private final int parts;

    private ScoreKernels(Isa isa, KvType type, int rows) {
        this.code = new AttentionCode(isa, type);
        this.a = code.assembler();
        this.isa = isa;
        this.type = type;
        this.numbers = code.numbers();
        this.rows = rows;
        this.parts = code.parts();
    }

    /** Query rows of the largest tile. */
    static int maxRows(Isa isa) {
        return isa.numRegisters() == 32 ? 12 : 6;
    }

    private int maxSums() {
        return isa.numRegisters() == 32 ? 24 : 12;
    }

    private Vec loaded(int part) {
        return code.register(maxSums() + part);
    }

    /**
     * Arguments: rdi queries {@code [heads][tile]}, rsi keys of the first head in block 0, rdx block ids and one more, rcx blocks,
     * r8 scores {@code [blocks][heads][rows][16]}, r9 bytes from block to block, r10 heads. Blocks are walked with all their
     * heads, as they lie in memory.
     */
    static byte[] scores(Isa isa, OperatingSystem system, KvType type, int rows, int headDim) {
        ScoreKernels kernel = new ScoreKernels(isa, type, rows);
        Assembler a = kernel.a;
        int partBytes = kernel.numbers.headerBytes() + kernel.numbers.bytes(BLOCK * headDim);
        Frame frame = new Frame(a, system);
        Label block = new Label();
        Label head = new Label();
        frame.enter();
        a.bind(block);
        kernel.code.findBlock(RAX, Mem.at(RDX, 0));
        kernel.code.findBlock(RBX, Mem.at(RDX, 4));
        a.mov(R12, RDI);
        a.mov(RBP, R10);
        a.bind(head);
        kernel.code.askForPages(RBX, partBytes);
        kernel.scoreBlock(headDim);
        a.add(RBX, partBytes);
        a.sub(RBP, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        a.add(RDX, 4);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, block);
        frame.leave();
        return a.code();
    }

    /**
     * Two chains of sums per row at least: one would wait for itself where rows are few. Moves rax and r12 on to the next head.
     */
    private void scoreBlock(int headDim) {
        int chains = 2 / parts;
        int unroll = 4;
        int lineBytes = numbers.bytes(BLOCK);
        for (int i = 0; i < rows * 2; i++) {
            a.emit(Op.VPXOR, code.register(i), code.register(i), code.register(i));
        }
        Label loop = new Label();
        a.mov32(R13, headDim / unroll);
        if (numbers.headerBytes() > 0) {
            a.mov(R14, RAX);
            a.add(RAX, numbers.headerBytes());
        }
        a.align(32);
        a.bind(loop);
        for (int i = 0; i < unroll; i++) {
            for (int part = 0; part < parts; part++) {
                code.loadKeys(loaded(part), i, part);
            }
            for (int row = 0; row < rows; row++) {
                multiplyQuery(i, row, i % chains);
            }
        }
        a.add(RAX, unroll * lineBytes);
        a.add(R12, unroll * rows * Float.BYTES);
        a.sub(R13, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        for (int row = 0; row < rows && chains == 2; row++) {
            a.emit(Op.VADDPS, code.register(2 * row), code.register(2 * row), code.register(2 * row + 1));
        }
        for (int part = 0; part < parts; part++) {
            finishScores(part);
            for (int row = 0; row < rows; row++) {
                int offset = row * BLOCK * Float.BYTES + isa.width().bytes() * part;
                a.emit(Op.VMOVUPS_STORE, code.register(2 * row + part), Mem.at(R8, offset));
            }
        }
        a.add(R8, rows * BLOCK * Float.BYTES);
        if (type == KvType.INT4) {
            a.add(R12, rows * Float.BYTES);
        }
    }

    /** Products with stored numbers become products with keys. */
    private void finishScores(int part) {
        switch (type) {
            case F32, F16 -> {}
            case INT8 -> {
                for (int row = 0; row < rows; row++) {
                    Vec sum = code.register(2 * row + part);
                    a.emit(Op.VMULPS, sum, sum, Mem.at(R14, part * isa.width().bytes()));
                }
            }
            case INT4 -> {
                Vec scale = loaded(0);
                Vec minimum = loaded(1);
                Vec queries = loaded(2);
                a.emit(Op.VCVTPH2PS, scale, Mem.at(R14, part * isa.width().bytes() / 2));
                a.emit(
                        Op.VCVTPH2PS,
                        minimum,
                        Mem.at(R14, KvNumbers.MINIMA + part * isa.width().bytes() / 2));
                for (int row = 0; row < rows; row++) {
                    Vec sum = code.register(2 * row + part);
                    a.emit(Op.VMULPS, sum, sum, scale);
                    // behind the tile's numbers: their sums
                    a.emit(Op.VBROADCASTSS, queries, Mem.at(R12, row * Float.BYTES));
                    a.emit(Op.VFMADD231PS, sum, minimum, queries);
                }
            }
        }
    }

    private void multiplyQuery(int i, int row, int chain) {
        Mem query = Mem.at(R12, (i * rows + row) * Float.BYTES);
        if (parts == 1) {
            a.emit(Op.VFMADD231PS, code.register(2 * row + chain), loaded(0), query.broadcastDword());
        } else {
            Vec broadcast = loaded(parts);
            a.emit(Op.VBROADCASTSS, broadcast, query);
            for (int part = 0; part < parts; part++) {
                a.emit(Op.VFMADD231PS, code.register(2 * row + part), loaded(part), broadcast);
            }
        }
    }
}
