package tokamak;

import java.lang.reflect.Method;

/** Heap bytes the calling thread has allocated since it started. */
public final class Allocation {
    private Allocation() {}

    public static long bytes() {
        try {
            // By name, because the engine's module does not require the management modules.
            Object threads = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            Method allocated =
                    Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
            return (long) allocated.invoke(threads);
        } catch (ReflectiveOperationException noHotSpot) {
            throw new IllegalStateException("this JVM does not count allocations", noHotSpot);
        }
    }
}
