package tokamak.server.metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/** The process itself, under the names that Prometheus' clients agree on. */
final class ProcessGauges {
    private static final int PAGE_BYTES = 4096;

    private ProcessGauges() {}

    static void register(PrometheusRegistry registry) {
        CounterWithCallback.builder()
                .name("process_cpu_seconds")
                .help("Processor time used.")
                .callback(callback -> callback.call(cpuSeconds()))
                .register(registry);
        double started = ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3;
        gauge(registry, "process_start_time_seconds", "When the process started.", () -> started);
        gauge(registry, "process_resident_memory_bytes", "Memory in use.", ProcessGauges::residentBytes);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            gauge(registry, "process_open_fds", "Open files and sockets.", system::getOpenFileDescriptorCount);
            gauge(registry, "process_max_fds", "How many may be open.", system::getMaxFileDescriptorCount);
            gauge(
                    registry,
                    "process_virtual_memory_bytes",
                    "Address space in use, mapped files included.",
                    system::getCommittedVirtualMemorySize);
        }
        Runtime runtime = Runtime.getRuntime();
        gauge(
                registry,
                "tokamak_heap_used_bytes",
                "Java heap in use; models lie outside.",
                () -> runtime.totalMemory() - runtime.freeMemory());
        gauge(registry, "tokamak_heap_max_bytes", "What the Java heap may grow to.", runtime::maxMemory);
    }

    private static void gauge(PrometheusRegistry registry, String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
    }

    private static double cpuSeconds() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(duration -> duration.toNanos() / 1e9)
                .orElse(Double.NaN);
    }

    /** Linux tells it in pages; elsewhere it is not known. */
    private static double residentBytes() {
        try {
            return PAGE_BYTES
                    * Double.parseDouble(
                            Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
        } catch (IOException | RuntimeException e) {
            return Double.NaN;
        }
    }
}
