package tokamak.backend.cpu.x64;

import java.util.function.IntFunction;

/** Routines for tiles of one token or row up to so many, each asked for when it is needed first. Threads may share them. */
final class TileRoutines {
    private final Routine[] routines; // [largest + 1]
    private final IntFunction<Routine> source;

    /** @param source gives the same routine to every thread that asks: {@link Kernels#routine} */
    TileRoutines(int largest, IntFunction<Routine> source) {
        this.routines = new Routine[largest + 1];
        this.source = source;
    }

    Routine of(int size) {
        Routine known = routines[size];
        if (known == null) {
            known = source.apply(size);
            routines[size] = known;
        }
        return known;
    }
}
