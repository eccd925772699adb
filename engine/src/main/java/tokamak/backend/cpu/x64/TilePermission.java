package tokamak.backend.cpu.x64;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/** Asks the system for the tile registers, whose eight kilobytes per thread Linux saves only for processes that asked. */
final class TilePermission {
    private static final long ARCH_PRCTL = 158;
    private static final long REQUEST_PERMISSION = 0x1023;
    private static final long TILE_DATA = 18;

    private TilePermission() {}

    /** For all threads of this process; false where the system refuses, or no way to ask is known. */
    static boolean request(OperatingSystem system) {
        return switch (system) {
            case LINUX ->
                Linker.nativeLinker()
                        .defaultLookup()
                        .find("syscall")
                        .filter(TilePermission::ask)
                        .isPresent();
            case MACOS, WINDOWS -> false;
        };
    }

    private static boolean ask(MemorySegment syscall) {
        return NativeCall.call(syscall, ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA, 0) == 0;
    }
}
