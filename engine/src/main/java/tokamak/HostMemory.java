package tokamak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory this machine, or the container this runs in, can still give. */
public final class HostMemory {
    /** Where nothing can be found out. */
    private static final long UNKNOWN = 4L << 30;

    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path CONTAINER_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path CONTAINER_USE = Path.of("/sys/fs/cgroup/memory.current");

    private HostMemory() {}

    public static long availableBytes() {
        return Math.min(ofMachine("MemAvailable:"), ofContainer());
    }

    /** What there is in all, used or not. */
    static long totalBytes() {
        List<String> limit = lines(CONTAINER_LIMIT);
        long container =
                limit.isEmpty() ? Long.MAX_VALUE : number(limit.getFirst().strip(), Long.MAX_VALUE);
        return Math.min(ofMachine("MemTotal:"), container);
    }

    private static long ofMachine(String field) {
        for (String line : lines(MEMINFO)) {
            if (line.startsWith(field)) {
                return number(line.replaceAll("[^0-9]", ""), UNKNOWN / 1024) * 1024;
            }
        }
        return UNKNOWN;
    }

    private static long ofContainer() {
        List<String> limit = lines(CONTAINER_LIMIT);
        List<String> use = lines(CONTAINER_USE);
        if (limit.isEmpty() || use.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long max = number(limit.getFirst().strip(), Long.MAX_VALUE); // "max" where there is none
        return max == Long.MAX_VALUE
                ? max
                : Math.max(0, max - number(use.getFirst().strip(), 0));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of(); // another system: no such file
        }
    }

    private static long number(String digits, long fallback) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return fallback;
        }
    }
}
