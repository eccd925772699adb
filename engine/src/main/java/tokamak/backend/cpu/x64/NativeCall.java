package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The one downcall handle, of the shape {@code long f(long × 8)}: opening a shape costs a hundred times what assembling a
 * kernel does, and start-up would pay for each. Functions of fewer or narrower arguments can be called through it, as in the
 * calling conventions of x86-64 the caller passes integers in whole registers and clears its own stack; of a narrower result
 * the upper bits mean nothing. A plain handle, because a long kernel in a critical one would hold up the garbage collector.
 *
 * <p>Raw: an address too few or a count too many ends the JVM. Typed classes check sizes, then call.
 */
final class NativeCall {
    private static final MethodHandle HANDLE = Linker.nativeLinker()
            .downcallHandle(FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private NativeCall() {}

    static long call(MemorySegment entry, long a, long b, long c, long d, long e, long f, long g, long h) {
        try {
            return (long) HANDLE.invokeExact(entry, a, b, c, d, e, f, g, h);
        } catch (Throwable t) {
            throw new AssertionError("native code can't throw", t);
        }
    }

    static long call(MemorySegment entry, long a, long b, long c, long d, long e, long f) {
        return call(entry, a, b, c, d, e, f, 0, 0);
    }

    static long call(MemorySegment entry, long a, long b, long c, long d) {
        return call(entry, a, b, c, d, 0, 0, 0, 0);
    }
}
