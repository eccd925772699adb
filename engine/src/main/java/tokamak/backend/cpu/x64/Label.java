package tokamak.backend.cpu.x64;

import java.util.ArrayList;
import java.util.List;

/** A place in the code; may be referred to before it is bound. */
final class Label {
    /** A 32-bit displacement to fill in: where it stands, and the end of its instruction, from which it counts. */
    record Fixup(int at, int instructionEnd) {}

    private static final int UNBOUND = -1;

    private int position = UNBOUND;
    private final List<Fixup> fixups = new ArrayList<>();

    boolean isBound() {
        return position != UNBOUND;
    }

    int position() {
        if (!isBound()) {
            throw new IllegalStateException("label is not bound");
        }
        return position;
    }

    void bindTo(int place) {
        if (isBound()) {
            throw new IllegalStateException("label is bound twice, at " + position + " and " + place);
        }
        position = place;
    }

    void addFixup(Fixup fixup) {
        fixups.add(fixup);
    }

    List<Fixup> fixups() {
        return fixups;
    }
}
