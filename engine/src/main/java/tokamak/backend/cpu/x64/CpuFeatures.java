package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * What CPUID says about the processor, and XGETBV about the registers the system saves: an instruction counts as present
 * only if both agree.
 *
 * @param name the processor's brand string
 */
record CpuFeatures(String name, boolean avx2, boolean avxVnni, boolean avx512, boolean avx512Bf16, boolean amx) {
    /** Bits of XCR0: xmm and ymm; opmask and both halves of the zmm registers. */
    private static final int YMM_STATE = 0x6;

    private static final int ZMM_STATE = 0xE0;

    /** Bits of XCR0: tile configuration and tiles. */
    private static final int TILE_STATE = 0x60000;

    /** Asks the processor. */
    static CpuFeatures detect(ExecutableMemory memory, OperatingSystem system) {
        Routine cpuid = new Routine(memory.install(cpuidRoutine(system)));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(4 * Integer.BYTES, 16);
            int maxLeaf = query(cpuid, out, 0, 0)[0];
            int[] one = query(cpuid, out, 1, 0);
            int[] seven = maxLeaf >= 7 ? query(cpuid, out, 7, 0) : new int[4];
            int[] sevenOne = maxLeaf >= 7 && seven[0] >= 1 ? query(cpuid, out, 7, 1) : new int[4];
            String name = brand(cpuid, out);
            boolean systemSavesYmm = bit(one[2], 27) && (xcr0(system, memory, out) & YMM_STATE) == YMM_STATE;
            boolean systemSavesZmm = systemSavesYmm && (xcr0(system, memory, out) & ZMM_STATE) == ZMM_STATE;
            boolean fma = bit(one[2], 12);
            boolean f16c = bit(one[2], 29);
            boolean avx2 = systemSavesYmm && fma && f16c && bit(seven[1], 5);
            // F, DQ, BW, VL, and VNNI: the 512-bit kernels are for processors that have all of them
            boolean avx512 = avx2
                    && systemSavesZmm
                    && bit(seven[1], 16)
                    && bit(seven[1], 17)
                    && bit(seven[1], 30)
                    && bit(seven[1], 31)
                    && bit(seven[2], 11);
            boolean avx512Bf16 = avx512 && bit(sevenOne[0], 5);
            // bfloat16, tiles, bytes; the system is asked last, since it remembers
            boolean amx = avx512Bf16
                    && bit(seven[3], 22)
                    && bit(seven[3], 24)
                    && bit(seven[3], 25)
                    && (xcr0(system, memory, out) & TILE_STATE) == TILE_STATE
                    && TilePermission.request(system);
            return new CpuFeatures(name, avx2, avx2 && bit(sevenOne[0], 4), avx512, avx512Bf16, amx);
        }
    }

    private static boolean bit(int word, int number) {
        return (word >>> number & 1) != 0;
    }

    private static String brand(Routine cpuid, MemorySegment out) {
        if (Integer.compareUnsigned(query(cpuid, out, 0x8000_0000, 0)[0], 0x8000_0004) < 0) {
            return "x86-64";
        }
        byte[] text = new byte[48];
        for (int i = 0; i < 3; i++) {
            int[] words = query(cpuid, out, 0x8000_0002 + i, 0);
            for (int j = 0; j < 16; j++) {
                text[16 * i + j] = (byte) (words[j / 4] >>> 8 * (j % 4));
            }
        }
        return new String(text, StandardCharsets.US_ASCII).replace('\0', ' ').strip();
    }

    private static int[] query(Routine cpuid, MemorySegment out, int leaf, int subLeaf) {
        cpuid.call(out.address(), leaf, subLeaf, 0);
        return out.toArray(JAVA_INT);
    }

    private static int xcr0(OperatingSystem system, ExecutableMemory memory, MemorySegment out) {
        new Routine(memory.install(xgetbvRoutine(system))).call(out.address(), 0, 0, 0);
        return out.get(JAVA_INT, 0);
    }

    /** {@code (out, leaf, subLeaf)}: stores eax, ebx, ecx, edx. Uses no vector register: there may be none. */
    private static byte[] cpuidRoutine(OperatingSystem system) {
        Assembler a = new Assembler();
        // The arguments' registers differ before a Frame has moved them, and a Frame may save xmm registers.
        Gpr out = system == OperatingSystem.WINDOWS ? Gpr.RCX : Gpr.RDI;
        Gpr leaf = system == OperatingSystem.WINDOWS ? Gpr.RDX : Gpr.RSI;
        Gpr subLeaf = system == OperatingSystem.WINDOWS ? Gpr.R8 : Gpr.RDX;
        a.push(Gpr.RBX);
        a.mov(Gpr.R9, out);
        a.mov(Gpr.RAX, leaf);
        a.mov(Gpr.RCX, subLeaf);
        a.cpuid();
        a.mov32(Mem.at(Gpr.R9, 0), Gpr.RAX);
        a.mov32(Mem.at(Gpr.R9, 4), Gpr.RBX);
        a.mov32(Mem.at(Gpr.R9, 8), Gpr.RCX);
        a.mov32(Mem.at(Gpr.R9, 12), Gpr.RDX);
        a.pop(Gpr.RBX);
        a.ret();
        return a.code();
    }

    private static byte[] xgetbvRoutine(OperatingSystem system) {
        Assembler a = new Assembler();
        a.mov(Gpr.R9, system == OperatingSystem.WINDOWS ? Gpr.RCX : Gpr.RDI);
        a.mov32(Gpr.RCX, 0);
        a.xgetbv();
        a.mov32(Mem.at(Gpr.R9, 0), Gpr.RAX);
        a.ret();
        return a.code();
    }
}
