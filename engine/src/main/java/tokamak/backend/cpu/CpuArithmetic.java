package tokamak.backend.cpu;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tokamak.backend.cpu.x64.ExecutableMemoryException;
import tokamak.backend.cpu.x64.Isa;
import tokamak.backend.cpu.x64.Kernels;

/**
 * How a {@link CpuBackend} computes: by machine code for one instruction set, or in plain Java. Chosen once.
 *
 * @param kernels null for plain Java
 * @param description for people
 */
public record CpuArithmetic(@Nullable Kernels kernels, String description) implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CpuArithmetic.class.getName());

    /** The widest instruction set of this processor; plain Java, and a line in the log, where there is none. */
    public static CpuArithmetic best() {
        try {
            Kernels kernels = Kernels.forThisMachine();
            return new CpuArithmetic(kernels, kernels.describe());
        } catch (ExecutableMemoryException e) {
            LOG.log(System.Logger.Level.WARNING, "CPU kernels in plain Java, much slower: " + e.getMessage());
            return new CpuArithmetic(null, "plain Java as " + e.getMessage());
        }
    }

    /** Plain Java: the truth that kernels are tested against. */
    public static CpuArithmetic scalar() {
        return new CpuArithmetic(null, "plain Java");
    }

    /**
     * By name, as people write it: {@code auto}, {@code scalar}, {@code avx2}, {@code avxvnni}, {@code avx512},
     * {@code avx512bf16}.
     *
     * @throws IllegalArgumentException if the name is unknown or the processor lacks the instruction set
     * @throws ExecutableMemoryException if the system gives no executable memory
     */
    public static CpuArithmetic named(String name) {
        return switch (name) {
            case "auto" -> best();
            case "scalar" -> scalar();
            default -> {
                Kernels kernels = Kernels.forIsa(Isa.ofLabel(name));
                yield new CpuArithmetic(kernels, kernels.describe());
            }
        };
    }

    /** Whether kernels of machine code compute, not plain Java. */
    public boolean isMachineCode() {
        return kernels != null;
    }

    /** The processor's name, as far as it is known. */
    public String cpuName() {
        return kernels == null ? System.getProperty("os.arch") : kernels.processor();
    }

    /** The instruction set's name, as {@link #named} takes it. */
    public String isaName() {
        return kernels == null ? "scalar" : kernels.isa().label();
    }

    /** What {@link #named} takes on this processor, slowest first. */
    public List<String> available() {
        Stream<String> isas =
                kernels == null ? Stream.of() : kernels.available().stream().map(Isa::label);
        return Stream.concat(Stream.of("scalar"), isas).toList();
    }

    /** Gives the machine code back. A backend that was made with it does this itself. */
    @Override
    public void close() {
        if (kernels != null) {
            kernels.close();
        }
    }
}
