package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/** A loop over numbers that follow each other, whole registers first and the last ones under a mask. */
final class RowLoop {
    private static final Mask TAIL = new Mask(1);

    private final Assembler a;
    private final Width width;
    /** AVX2 has no mask registers: the last register holds the lanes of the tail. */
    private final Vec tailLanes;

    RowLoop(Assembler a, Width width) {
        this.a = a;
        this.width = width;
        this.tailLanes = new Vec(width, 15);
    }

    /** What one turn works on: whole registers, or those lanes that are left. */
    interface Lanes {
        /** Lanes that are not worked on become zero. */
        void load(Vec target, Gpr base);

        void store(Vec source, Gpr base);

        /** Makes lanes that are not worked on zero again. */
        void keep(Vec x);
    }

    private final class Whole implements Lanes {
        @Override
        public void load(Vec target, Gpr base) {
            a.emit(Op.VMOVUPS, target, Mem.at(base, 0));
        }

        @Override
        public void store(Vec source, Gpr base) {
            a.emit(Op.VMOVUPS_STORE, source, Mem.at(base, 0));
        }

        @Override
        public void keep(Vec x) {}
    }

    private final class Tail implements Lanes {
        @Override
        public void load(Vec target, Gpr base) {
            if (width == Width.Z) {
                a.emitZeroing(Op.VMOVUPS, TAIL, target, Mem.at(base, 0));
            } else {
                a.emit(Op.VMASKMOVPS, target, tailLanes, Mem.at(base, 0));
            }
        }

        @Override
        public void store(Vec source, Gpr base) {
            if (width == Width.Z) {
                a.emitMasked(Op.VMOVUPS_STORE, TAIL, source, Mem.at(base, 0));
            } else {
                a.emit(Op.VMASKMOVPS_STORE, source, tailLanes, Mem.at(base, 0));
            }
        }

        @Override
        public void keep(Vec x) {
            if (width == Width.Z) {
                a.emitZeroing(Op.VMOVUPS, TAIL, x, x);
            } else {
                a.emit(Op.VPAND, x, x, tailLanes);
            }
        }
    }

    /**
     * Runs {@code body} over {@code count} numbers; the cursors move on. Spoils r12, r13, register 15 and the count, which
     * then holds how many numbers the tail had; the cursors stand before them.
     */
    void forEach(Gpr count, Gpr[] cursors, Consumer<Lanes> body) {
        Label whole = new Label();
        Label tail = new Label();
        Label done = new Label();
        a.bind(whole);
        a.cmp(count, width.lanes());
        a.jump(Assembler.Condition.LESS, tail);
        body.accept(new Whole());
        for (Gpr cursor : cursors) {
            a.add(cursor, width.bytes());
        }
        a.sub(count, width.lanes());
        a.jump(whole);
        a.bind(tail);
        a.cmp(count, 0);
        a.jump(Assembler.Condition.ZERO, done);
        loadTailMask(count);
        body.accept(new Tail());
        a.bind(done);
    }

    private void loadTailMask(Gpr count) {
        ByteBuffer table = ByteBuffer.allocate(2 * width.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < width.lanes(); i++) {
            table.putInt(-1);
        }
        a.lea(R12, a.table(table.array()));
        a.mov(R13, count);
        a.neg(R13);
        a.emit(Op.VMOVDQU, tailLanes, Mem.at(R12, R13, 4, width.bytes()));
        if (width == Width.Z) {
            a.emitTest(Op.VPTESTMD, TAIL, tailLanes, tailLanes);
        }
    }

    /** Moves cursors past the tail of {@link #forEach}, whose count is spoilt. */
    void skipTail(Gpr count, Gpr... cursors) {
        a.shl(count, 2);
        for (Gpr cursor : cursors) {
            a.add(cursor, count);
        }
    }
}
