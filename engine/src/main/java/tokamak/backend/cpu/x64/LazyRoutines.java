package tokamak.backend.cpu.x64;

import java.util.function.IntFunction;

/** Routines by a number, such as the tokens of a tile, each asked for when it is needed first. Threads may share them. */
final class LazyRoutines {
    private final Routine[] routines; // [largest + 1]
    private final IntFunction<Routine> source;

    /** @param source gives the same routine to every thread that asks: {@link Kernels#routine} */
    LazyRoutines(int largest, IntFunction<Routine> source) {
        this.routines = new Routine[largest + 1];
        this.source = source;
    }

    Routine of(int number) {
        Routine known = routines[number];
        if (known == null) {
            known = source.apply(number);
            routines[number] = known;
        }
        return known;
    }
}
