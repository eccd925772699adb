package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Installed machine code of the shape {@code void f(long × 8)}. All routines share one downcall handle, since opening one
 * costs a hundred times what assembling a kernel does; a plain handle, because a long kernel in a critical one would hold up the
 * garbage collector.
 *
 * <p>Raw: an address too few or a count too many ends the JVM. Typed classes check sizes, then call.
 */
record Routine(MemorySegment entry) {
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(FunctionDescriptor.ofVoid(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    void call(long a, long b, long c, long d, long e, long f, long g, long h) {
        try {
            CALL.invokeExact(entry, a, b, c, d, e, f, g, h);
        } catch (Throwable t) {
            throw new AssertionError("a routine can't throw", t);
        }
    }

    void call(long a, long b, long c, long d) {
        call(a, b, c, d, 0, 0, 0, 0);
    }
}
