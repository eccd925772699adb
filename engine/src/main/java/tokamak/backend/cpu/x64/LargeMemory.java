package tokamak.backend.cpu.x64;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/**
 * Native memory that Linux is advised to back with pages of 2 MiB: a pass over weights then needs fewer address
 * translations and reads about a tenth faster. The advice must come before the first touch, and an arena touches what it
 * allocates, so large pieces are mapped here. Files that are mapped are brought in here too.
 */
public final class LargeMemory {
    private static final long HUGE_PAGE = 2 << 20;
    private static final long PAGE = 4096;
    private static final long CACHE_LINE = 64;

    private LargeMemory() {}

    /**
     * Zeroed memory that lives as long as the arena.
     *
     * @throws OutOfMemoryError if the system has not that much
     */
    public static MemorySegment allocate(Arena arena, long bytes) {
        if (!isLinux() || bytes < HUGE_PAGE) {
            return arena.allocate(bytes, CACHE_LINE);
        }
        long mapped = Math.addExact(bytes, HUGE_PAGE);
        long address = Linux.map(mapped);
        long start = (address + HUGE_PAGE - 1) & -HUGE_PAGE;
        Linux.adviseHugePages(start, bytes & -HUGE_PAGE);
        return MemorySegment.ofAddress(start).reinterpret(bytes, arena, _ -> Linux.unmap(address, mapped));
    }

    /** Brings pages of a mapped file in at once, where the system can: one by one, at first touch, takes several times longer. */
    public static void populate(MemorySegment mapped) {
        if (isLinux()) {
            long from = mapped.address() & -PAGE;
            Linux.populate(from, mapped.address() + mapped.byteSize() - from);
        }
    }

    private static boolean isLinux() {
        return System.getProperty("os.name").startsWith("Linux");
    }

    private static final class Linux {
        private static final int READ_WRITE = 3;
        private static final int PRIVATE_ANONYMOUS = 0x22;
        private static final int MADV_HUGEPAGE = 14;
        /** Since Linux 5.14; older ones refuse it. */
        private static final int MADV_POPULATE_READ = 22;

        private static final MemorySegment MMAP = function("mmap");
        private static final MemorySegment MUNMAP = function("munmap");
        private static final MemorySegment MADVISE = function("madvise");

        private static MemorySegment function(String name) {
            return Linker.nativeLinker().defaultLookup().findOrThrow(name);
        }

        static long map(long bytes) {
            long address = NativeCall.call(MMAP, 0, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
            if (address == -1) {
                throw new OutOfMemoryError("the system refused " + bytes + " bytes of native memory");
            }
            return address;
        }

        /** Advice only: a refusal costs speed and nothing else. */
        static void adviseHugePages(long address, long bytes) {
            NativeCall.call(MADVISE, address, bytes, MADV_HUGEPAGE, 0);
        }

        /** Advice only. */
        static void populate(long address, long bytes) {
            NativeCall.call(MADVISE, address, bytes, MADV_POPULATE_READ, 0);
        }

        static void unmap(long address, long bytes) {
            NativeCall.call(MUNMAP, address, bytes, 0, 0);
        }
    }
}
