package tokamak.backend.cpu.x64;

import java.lang.foreign.MemorySegment;

/** Installed machine code of the shape {@code void f(long × 8)}; as raw as {@link NativeCall}. */
record Routine(MemorySegment entry) {
    void call(long a, long b, long c, long d, long e, long f, long g, long h) {
        NativeCall.call(entry, a, b, c, d, e, f, g, h);
    }

    void call(long a, long b, long c, long d) {
        call(a, b, c, d, 0, 0, 0, 0);
    }
}
