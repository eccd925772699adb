package tokamak.backend.cpu;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tokamak.backend.cpu.x64.ExecutableMemoryException;
import tokamak.backend.cpu.x64.Isa;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.tensor.DType;

/**
 * How a {@link CpuBackend} computes: by machine code for one instruction set, or in plain Java. Chosen once.
 *
 * @param kernels null for plain Java
 * @param description for people
 */
public record CpuArithmetic(@Nullable Kernels kernels, String description) implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CpuArithmetic.class.getName());

    /** Codes of 8, 4 and 5 bits, with and without minimum, codebook and factors; and bfloat16. */
    private static final List<DType> KINDS_WITH_TILES =
            List.of(DType.Q8_0, DType.Q4_0, DType.Q5_1, DType.IQ4_NL, DType.Q4_K, DType.U4_G128, DType.BF16);

    /** The widest instruction set of this processor; plain Java, and a line in the log, where there is none. */
    public static CpuArithmetic best() {
        try {
            Kernels kernels = trusted(Kernels.forThisMachine());
            return new CpuArithmetic(kernels, kernels.describe());
        } catch (ExecutableMemoryException e) {
            LOG.log(System.Logger.Level.WARNING, "CPU kernels in plain Java, much slower: " + e.getMessage());
            return new CpuArithmetic(null, "plain Java as " + e.getMessage());
        }
    }

    /** Tiles are used only if products of every kind of kernel that has them come out right here. */
    private static Kernels trusted(Kernels widest) {
        if (widest.isa() != Isa.AMX) {
            return widest;
        }
        KernelTrust trust = KernelTrust.of(widest);
        boolean right = true;
        for (DType dtype : KINDS_WITH_TILES) {
            right &= trust.trusts(dtype);
        }
        if (right) {
            return widest;
        }
        widest.close();
        Kernels narrower = Kernels.forIsa(Isa.AVX512);
        LOG.log(
                System.Logger.Level.WARNING,
                "AMX computes wrongly here, so " + narrower.isa().label() + " is used");
        return narrower;
    }

    /** Plain Java: the truth that kernels are tested against. */
    public static CpuArithmetic scalar() {
        return new CpuArithmetic(null, "plain Java");
    }

    /**
     * By name, as people write it: {@code auto}, {@code scalar}, {@code avx2}, {@code avxvnni}, {@code avx512},
     * {@code avx512bf16}, {@code amx}.
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
