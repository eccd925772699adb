package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class RoutineTest {
    @Test
    void allEightArgumentsArriveAndSavedRegistersSurvive() {
        OperatingSystem system = system();
        try (ExecutableMemory memory = new ExecutableMemory();
                Arena arena = Arena.ofConfined()) {
            Assembler a = new Assembler();
            Frame frame = new Frame(a, system);
            frame.enter();
            Gpr[] arguments = {Gpr.RSI, Gpr.RDX, Gpr.RCX, Gpr.R8, Gpr.R9, Gpr.R10, Gpr.R11};
            for (int i = 0; i < arguments.length; i++) {
                a.mov(Mem.at(Gpr.RDI, 8 * i), arguments[i]);
            }
            for (Gpr free : new Gpr[] {Gpr.RBX, Gpr.RBP, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15}) {
                a.mov32(free, -1);
            }
            frame.leave();
            Routine routine = new Routine(memory.install(a.code()));
            MemorySegment out = arena.allocate(JAVA_LONG, 7);
            for (int i = 0; i < 20_000; i++) {
                routine.call(out.address(), 1, 2, 3, 4, 5, 6, 7L << 40);
            }
            assertThat(out.toArray(JAVA_LONG)).containsExactly(1, 2, 3, 4, 5, 6, 7L << 40);
        }
    }

    @Test
    void featuresAgreeWithTheSystemsList() throws Exception {
        OperatingSystem system = system();
        Path cpuinfo = Path.of("/proc/cpuinfo");
        Assumptions.assumeTrue(Files.isReadable(cpuinfo), "no /proc/cpuinfo on this system");
        String flags = Files.readAllLines(cpuinfo).stream()
                        .filter(line -> line.startsWith("flags"))
                        .findFirst()
                        .orElse("")
                + " ";
        try (ExecutableMemory memory = new ExecutableMemory()) {
            CpuFeatures features = CpuFeatures.detect(memory, system);
            assertThat(features.avx2()).isEqualTo(flags.contains(" avx2 ") && flags.contains(" fma "));
            assertThat(features.avxVnni()).isEqualTo(flags.contains(" avx_vnni "));
            assertThat(features.avx512()).isEqualTo(flags.contains(" avx512_vnni ") && flags.contains(" avx512vl "));
            assertThat(features.avx512Bf16()).isEqualTo(flags.contains(" avx512_bf16 "));
            assertThat(features.name()).isNotBlank();
        }
    }

    @Test
    void anUnknownInstructionSetIsNamedWithTheKnownOnes() {
        assertThat(Isa.ofLabel("avxvnni")).isEqualTo(Isa.AVX_VNNI);
        assertThatThrownBy(() -> Isa.ofLabel("sse"))
                .hasMessageContaining("'sse'")
                .hasMessageContaining("[avx2, avxvnni, avx512, avx512bf16, amx]");
    }

    private static OperatingSystem system() {
        try {
            return OperatingSystem.current();
        } catch (ExecutableMemoryException e) {
            return Assumptions.abort(e.getMessage());
        }
    }
}
