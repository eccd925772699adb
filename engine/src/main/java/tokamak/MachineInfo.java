package tokamak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuLimits;

/**
 * What models run on here.
 *
 * @param isas instruction sets that can be chosen, slowest first
 * @param isa the one that is chosen
 * @param arithmetic how matrices are multiplied, and why in plain Java where that is so
 * @param machineCode whether the system lets us run code of our own
 * @param cores physical ones; null where the system does not say
 * @param limits measured; null where plain Java computes
 */
public record MachineInfo(
        String cpu,
        List<String> isas,
        String isa,
        String arithmetic,
        boolean machineCode,
        int processors,
        @Nullable Integer cores,
        long memoryBytes,
        long availableMemoryBytes,
        String system,
        String java,
        @Nullable Limits limits) {
    /**
     * @param readGbps memory reads, 10^9 bytes per second
     * @param fmaGflops float32 multiply-adds counted as two, 10^9 per second
     * @param int8Gops int8 multiply-adds counted as two, 10^9 per second
     */
    public record Limits(int threads, double readGbps, double fmaGflops, double int8Gops) {}

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /**
     * Looks and measures, about a second.
     *
     * @param cpuIsa as for {@link EngineConfig}
     * @throws InvalidRequestException if this processor has no such instruction set
     */
    public static MachineInfo of(String cpuIsa) {
        int processors = Runtime.getRuntime().availableProcessors();
        try (CpuArithmetic arithmetic = Arithmetic.named(cpuIsa)) {
            return new MachineInfo(
                    arithmetic.cpuName(),
                    arithmetic.available(),
                    arithmetic.isaName(),
                    arithmetic.description(),
                    arithmetic.isMachineCode(),
                    processors,
                    numCores(),
                    HostMemory.totalBytes(),
                    HostMemory.availableBytes(),
                    property("os.name") + " " + property("os.version") + ", " + property("os.arch"),
                    property("java.vm.name") + " " + property("java.vm.version"),
                    CpuLimits.measure(arithmetic, processors)
                            .map(limits ->
                                    new Limits(processors, limits.readGbps(), limits.fmaGflops(), limits.int8Gops()))
                            .orElse(null));
        }
    }

    /**
     * The processor and its instruction set in a few words; measures nothing.
     *
     * @param cpuIsa as for {@link EngineConfig}
     */
    public static String processor(String cpuIsa) {
        try (CpuArithmetic arithmetic = Arithmetic.named(cpuIsa)) {
            return arithmetic.cpuName() + ", " + arithmetic.isaName();
        }
    }

    private static String property(String name) {
        return System.getProperty(name, "");
    }

    private static @Nullable Integer numCores() {
        Set<String> cores = new HashSet<>();
        String socket = "";
        try {
            for (String line : Files.readAllLines(CPUINFO)) {
                if (line.startsWith("physical id")) {
                    socket = line;
                } else if (line.startsWith("core id")) {
                    cores.add(socket + line);
                }
            }
        } catch (IOException e) {
            return null; // another system: no such file
        }
        return cores.isEmpty() ? null : cores.size();
    }
}
