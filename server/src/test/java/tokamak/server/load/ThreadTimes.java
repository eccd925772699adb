package tokamak.server.load;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Processor time of this process by what its threads are for, as Linux counts it. */
final class ThreadTimes {
    private static final Path TASKS = Path.of("/proc/self/task");

    private ThreadTimes() {}

    /** Seconds by kind of thread; empty where the system does not tell. */
    static Map<String, Double> read() {
        Map<String, Double> seconds = new TreeMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                String kind = kind(Files.readString(task.resolve("comm")).strip());
                String nanos = Files.readString(task.resolve("schedstat")).split(" ")[0];
                seconds.merge(kind, Long.parseLong(nanos) / 1e9, Double::sum);
            }
        } catch (IOException e) {
            return Map.of(); // another system, or a thread that has just ended
        }
        return seconds;
    }

    private static String kind(String thread) {
        if (thread.startsWith("tokamak-io")) {
            return "io";
        }
        if (thread.startsWith("ForkJoinPool-1") || thread.contains("unblocker")) {
            return "requests";
        }
        if (thread.startsWith("multiThreadIoEv")) {
            return "client";
        }
        if (thread.startsWith("tokamak-engine")) {
            return "engine";
        }
        if (thread.contains("Compiler") || thread.startsWith("C1") || thread.startsWith("C2")) {
            return "jit";
        }
        if (thread.startsWith("GC") || thread.startsWith("G1") || thread.startsWith("VM ")) {
            return "gc";
        }
        return thread.startsWith("tokamak") ? "workers" : "other";
    }
}
