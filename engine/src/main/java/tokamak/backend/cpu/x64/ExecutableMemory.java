package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory the processor may execute. Pages are writable while the code is copied in and executable afterwards, never both.
 * Whoever creates it closes it, and calls no routine afterwards.
 *
 * <p>Linux has been tried; the calls for macOS and Windows follow their documentation and have not.
 */
final class ExecutableMemory implements AutoCloseable {
    private static final long PAGE = 4096;

    private final OperatingSystem system;
    private final List<MemorySegment> mapped = new ArrayList<>();

    /**
     * @throws ExecutableMemoryException if the system can't be asked for such memory
     */
    ExecutableMemory() {
        this(OperatingSystem.current());
    }

    ExecutableMemory(OperatingSystem system) {
        this.system = system;
    }

    /**
     * Copies routines in, one after another on boundaries of 64 bytes.
     *
     * @return where each begins
     * @throws ExecutableMemoryException if the system refuses
     */
    synchronized MemorySegment[] install(List<byte[]> routines) {
        long size = 0;
        for (byte[] routine : routines) {
            size += roundUp(routine.length, 64);
        }
        Pages pages = pages(system);
        MemorySegment region = pages.allocate(roundUp(Math.max(size, 1), PAGE));
        mapped.add(region);
        MemorySegment[] entries = new MemorySegment[routines.size()];
        long offset = 0;
        for (int i = 0; i < entries.length; i++) {
            byte[] routine = routines.get(i);
            MemorySegment.copy(routine, 0, region, ValueLayout.JAVA_BYTE, offset, routine.length);
            entries[i] = MemorySegment.ofAddress(region.address() + offset);
            offset += roundUp(routine.length, 64);
        }
        pages.makeExecutable(region);
        return entries;
    }

    MemorySegment install(byte[] routine) {
        return install(List.of(routine))[0];
    }

    @Override
    public synchronized void close() {
        Pages pages = pages(system);
        mapped.forEach(pages::free);
        mapped.clear();
    }

    private static long roundUp(long size, long unit) {
        return (size + unit - 1) / unit * unit;
    }

    /** The three things an operating system has to do. */
    private interface Pages {
        MemorySegment allocate(long bytes);

        void makeExecutable(MemorySegment region);

        void free(MemorySegment region);
    }

    private static Pages pages(OperatingSystem system) {
        try {
            return switch (system) {
                case LINUX -> new Posix(0x22);
                case MACOS -> new Posix(0x1002);
                case WINDOWS -> new Windows();
            };
        } catch (ExceptionInInitializerError | IllegalCallerException | UnsupportedOperationException e) {
            throw new ExecutableMemoryException("no native calls from Java: " + e, e);
        }
    }

    private static MemorySegment function(SymbolLookup lookup, String name) {
        return lookup.find(name)
                .orElseThrow(() -> new ExecutableMemoryException("the system library has no '" + name + "'", null));
    }

    /** mmap and mprotect. */
    private record Posix(int privateAnonymous) implements Pages {
        private static final int READ_WRITE = 3;
        private static final int READ_EXECUTE = 5;
        private static final SymbolLookup LIBRARY = Linker.nativeLinker().defaultLookup();
        private static final MemorySegment MMAP = function(LIBRARY, "mmap");
        private static final MemorySegment MPROTECT = function(LIBRARY, "mprotect");
        private static final MemorySegment MUNMAP = function(LIBRARY, "munmap");

        @Override
        public MemorySegment allocate(long bytes) {
            long address = NativeCall.call(MMAP, 0, bytes, READ_WRITE, privateAnonymous, -1, 0);
            if (address == -1) {
                throw new ExecutableMemoryException("mmap refused " + bytes + " bytes", null);
            }
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        }

        @Override
        public void makeExecutable(MemorySegment region) {
            if ((int) NativeCall.call(MPROTECT, region.address(), region.byteSize(), READ_EXECUTE, 0) != 0) {
                throw new ExecutableMemoryException("mprotect refused to make memory executable", null);
            }
        }

        @Override
        public void free(MemorySegment region) {
            NativeCall.call(MUNMAP, region.address(), region.byteSize(), 0, 0);
        }
    }

    /** VirtualAlloc and VirtualProtect. */
    private record Windows() implements Pages {
        private static final int COMMIT_AND_RESERVE = 0x3000;
        private static final int RELEASE = 0x8000;
        private static final int READ_WRITE = 0x04;
        private static final int EXECUTE_READ = 0x20;
        private static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("kernel32", Arena.global());
        private static final MemorySegment ALLOC = function(LIBRARY, "VirtualAlloc");
        private static final MemorySegment PROTECT = function(LIBRARY, "VirtualProtect");
        private static final MemorySegment FREE = function(LIBRARY, "VirtualFree");

        @Override
        public MemorySegment allocate(long bytes) {
            long address = NativeCall.call(ALLOC, 0, bytes, COMMIT_AND_RESERVE, READ_WRITE);
            if (address == 0) {
                throw new ExecutableMemoryException("VirtualAlloc refused " + bytes + " bytes", null);
            }
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        }

        @Override
        public void makeExecutable(MemorySegment region) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment old = arena.allocate(JAVA_INT);
                long done = NativeCall.call(PROTECT, region.address(), region.byteSize(), EXECUTE_READ, old.address());
                if ((int) done == 0) {
                    throw new ExecutableMemoryException("VirtualProtect refused to make memory executable", null);
                }
            }
        }

        @Override
        public void free(MemorySegment region) {
            NativeCall.call(FREE, region.address(), 0, RELEASE, 0);
        }
    }
}
