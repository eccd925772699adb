package tokamak;

import java.nio.file.Path;
import java.util.List;
import tokamak.api.InvalidRequestException;

/**
 * What to measure.
 *
 * @param subject the model
 * @param promptTokens tokens of the prompt test; 0: none
 * @param generatedTokens tokens of the generation tests; 0: none
 * @param depth tokens in the context before the first generated one
 * @param parallel how many sequences are generated at once, one test each
 * @param threads numbers of threads, all tests for each
 * @param cpuIsa instruction set: auto, scalar, avx2, avxvnni, avx512, avx512bf16, amx
 * @param kvCacheDtype how keys and values are stored: f32, f16 or int8
 * @param repetitions runs of each test after one to warm up; the median counts
 */
public record BenchOptions(
        Subject subject,
        int promptTokens,
        int generatedTokens,
        int depth,
        List<Integer> parallel,
        List<Integer> threads,
        String cpuIsa,
        String kvCacheDtype,
        int repetitions) {
    /** What is measured. */
    public sealed interface Subject {
        /** Where the model is, or what stands for that. */
        default Path path() {
            return switch (this) {
                case Model model -> model.path;
                case Shape shape -> Path.of(shape.name);
            };
        }

        /** A model on disk. */
        record Model(Path path) implements Subject {}

        /** Random weights of a published model's sizes, in a number format such as {@code Q4_0}. */
        record Shape(String name, String format) implements Subject {}
    }

    public BenchOptions {
        parallel = List.copyOf(parallel);
        threads = List.copyOf(threads);
        require("prompt tokens", promptTokens, 0, 1 << 20);
        require("generated tokens", generatedTokens, 0, 1 << 20);
        require("depth", depth, 0, 1 << 22);
        require("repetitions", repetitions, 1, 1000);
        parallel.forEach(n -> require("parallel sequences", n, 1, 4096));
        threads.forEach(n -> require("threads", n, 1, 4096));
        if (threads.isEmpty()) {
            throw new InvalidRequestException("threads", "no number of threads is given");
        }
    }

    private static void require(String what, int value, int min, int max) {
        if (value < min || value > max) {
            throw new InvalidRequestException(what, what + " must be in [" + min + ", " + max + "], found " + value);
        }
    }
}
