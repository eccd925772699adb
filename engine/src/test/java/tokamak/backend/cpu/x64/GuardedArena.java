package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** Gives out memory that ends exactly where a page without access begins: a kernel that reads or writes past it ends the JVM. */
final class GuardedArena implements Arena {
    private static final long PAGE = 4096;
    private static final int READ_WRITE = 3;
    private static final int NO_ACCESS = 0;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private final Arena inner = Arena.ofConfined();
    private final List<MemorySegment> mapped = new ArrayList<>();

    GuardedArena() {
        Assumptions.assumeTrue(
                System.getProperty("os.name").startsWith("Linux"), "guard pages are made for Linux only");
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    /** Memory whose end is the guard; its start is aligned as far as its size allows. */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        try {
            long whole = (byteSize + PAGE - 1) / PAGE * PAGE;
            long address = (long) function(
                            "mmap",
                            FunctionDescriptor.of(
                                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG))
                    .invokeExact(0L, whole + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            int result = (int) function("mprotect", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT))
                    .invokeExact(address + whole, PAGE, NO_ACCESS);
            if (result != 0) {
                throw new IllegalStateException("mprotect");
            }
            mapped.add(MemorySegment.ofAddress(address).reinterpret(whole + PAGE));
            return MemorySegment.ofAddress(address + whole - byteSize).reinterpret(byteSize);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public MemorySegment.Scope scope() {
        return inner.scope();
    }

    @Override
    public void close() {
        inner.close();
        try {
            MethodHandle munmap = function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
            for (MemorySegment segment : mapped) {
                int ignored = (int) munmap.invokeExact(segment.address(), segment.byteSize());
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
