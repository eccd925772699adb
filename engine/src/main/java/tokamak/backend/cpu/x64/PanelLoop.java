package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The loops around every linear kernel: panels of weight rows outside, tiles of tokens inside, so that a panel is read from
 * memory once and from the near caches for all other tiles. The body sums one panel times one tile over k.
 *
 * <pre>
 * arguments: rdi weights, rsi activations, rdx y, rcx steps of k, r8 bytes from one row of y to the next,
 *            r9 weight rows, r10 tiles
 * in the body: rax weights and rbx activations, both to be moved past what was read; r12 counts steps; r14, r15, rbp free
 * </pre>
 */
final class PanelLoop {
    /** What a routine does once, around its loops. In {@code enter} and {@code leave} rax is free. */
    interface Surroundings {
        void enter();

        void leave();
    }

    private static final Surroundings NONE = new Surroundings() {
        @Override
        public void enter() {}

        @Override
        public void leave() {}
    };

    private static final Mask TAIL = new Mask(1);
    private static final int PAGE = 4096;
    private static final int PAGES_AHEAD = 4;
    /** Of 1, 2, 4, 8 and 16 KiB none is better. */
    private static final int LINES_AHEAD_BYTES = 4096;

    private static final int LINE = 64;

    private final Assembler a;
    private final Isa isa;
    private final int tokens;
    private final int registersPerToken;

    /**
     * @param tokens tokens of a tile
     * @param registersPerToken registers of weight rows that a panel is wide; the sums of token t are in the registers
     *     {@code firstSum + t * registersPerToken} and following
     */
    PanelLoop(Assembler a, Isa isa, int tokens, int registersPerToken) {
        this.a = a;
        this.isa = isa;
        this.tokens = tokens;
        this.registersPerToken = registersPerToken;
    }

    /** Emits a whole routine around {@code body}. */
    void emit(OperatingSystem system, int firstSum, int scratch, Runnable body) {
        emit(system, firstSum, scratch, NONE, body);
    }

    void emit(OperatingSystem system, int firstSum, int scratch, Surroundings surroundings, Runnable body) {
        Frame frame = new Frame(a, system);
        Label panel = new Label();
        Label tile = new Label();
        Label tail = new Label();
        Label stored = new Label();
        int panelRows = panelRows();
        frame.enter();
        surroundings.enter();
        a.bind(panel);
        a.mov(RBX, RSI);
        a.mov(R13, RDX);
        a.mov(R11, R10);
        a.bind(tile);
        a.mov(RAX, RDI);
        a.mov(R12, RCX);
        body.run();
        a.cmp(R9, panelRows);
        a.jump(Assembler.Condition.LESS, tail);
        storeWhole(firstSum);
        a.bind(stored);
        a.sub(R11, 1);
        a.jump(Assembler.Condition.NOT_ZERO, tile);
        a.mov(RDI, RAX);
        a.add(RDX, Float.BYTES * panelRows);
        a.sub(R9, panelRows);
        a.jump(Assembler.Condition.GREATER, panel);
        surroundings.leave();
        frame.leave();
        a.bind(tail);
        storeTail(firstSum, scratch);
        a.jump(stored);
    }

    /**
     * To be emitted at the body's start: asks for one line of every page of as many bytes as a panel has, some way ahead. Their
     * addresses are then known, and the processor's own prefetching does the rest. Worth it where memory is the limit: tiles of a
     * few tokens, of which there is one.
     *
     * @param stepBytes bytes of weights that a step of k reads
     */
    void askForPages(int stepBytes) {
        Label page = new Label();
        a.lea(R15, Mem.at(RAX, PAGES_AHEAD * PAGE));
        a.mov(R14, R12);
        a.bind(page);
        a.prefetchT0(Mem.at(R15, 0));
        a.add(R15, PAGE);
        a.sub(R14, Math.max(1, PAGE / stepBytes));
        a.jump(Assembler.Condition.GREATER, page);
    }

    /** Asks for as many bytes as are about to be read, some way ahead: arithmetic then waits less between one line and the next. */
    void askForLines(int bytes) {
        for (int ahead = 0; ahead < bytes; ahead += LINE) {
            a.prefetchT0(Mem.at(RAX, LINES_AHEAD_BYTES + ahead));
        }
    }

    private void storeWhole(int firstSum) {
        for (int token = 0; token < tokens; token++) {
            for (int part = 0; part < registersPerToken; part++) {
                Vec sum = new Vec(isa.width(), firstSum + token * registersPerToken + part);
                a.emit(Op.VMOVUPS_STORE, sum, Mem.at(R13, part * isa.width().bytes()));
            }
            a.add(R13, R8);
        }
    }

    /** The last panel's rows beyond the matrix are not stored: what follows in y belongs to somebody else. */
    private void storeTail(int firstSum, int scratch) {
        Vec lanes = new Vec(isa.width(), scratch);
        Mem table = a.table(tailTable());
        for (int part = 0; part < registersPerToken; part++) {
            a.lea(R12, table);
            a.mov(R15, R9);
            a.neg(R15);
            int wholeTable = Float.BYTES * panelRows();
            a.emit(
                    Op.VMOVDQU,
                    lanes,
                    Mem.at(R12, R15, 4, wholeTable + part * isa.width().bytes()));
            a.mov(R14, R13);
            if (isa.width() == Width.Z) {
                a.emitTest(Op.VPTESTMD, TAIL, lanes, lanes);
            }
            for (int token = 0; token < tokens; token++) {
                Vec sum = new Vec(isa.width(), firstSum + token * registersPerToken + part);
                Mem place = Mem.at(R14, part * isa.width().bytes());
                if (isa.width() == Width.Z) {
                    a.emitMasked(Op.VMOVUPS_STORE, TAIL, sum, place);
                } else {
                    a.emit(Op.VMASKMOVPS_STORE, sum, lanes, place);
                }
                a.add(R14, R8);
            }
        }
        a.mov(R13, R14);
    }

    private int panelRows() {
        return isa.lanes() * registersPerToken;
    }

    /** As many set lanes as a panel has rows, then as many clear ones: read from where the set ones that are left begin. */
    private byte[] tailTable() {
        ByteBuffer table = ByteBuffer.allocate(2 * Float.BYTES * panelRows()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < panelRows(); i++) {
            table.putInt(-1);
        }
        return table.array();
    }
}
