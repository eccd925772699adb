package tokamak;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import tokamak.api.InvalidRequestException;
import tokamak.api.ModelLoadException;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;
import tokamak.backend.cpu.CpuArithmetic;
import tokamak.backend.cpu.CpuBackend;
import tokamak.backend.cpu.CpuLimits;
import tokamak.file.Checkpoint;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.ModelShape;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * How fast a model runs on this machine, without scheduler and text: prompts in one go, and tokens one after another for one
 * or several sequences. What stands in the context before is computed too: memory that nobody wrote would be read faster.
 */
public final class Benchmark {
    private static final int MAX_STEP_TOKENS = 512;
    private static final int KV_BLOCK_SIZE = 16;
    private static final int SOME_TOKEN = 7;

    private final BenchOptions options;
    private final Consumer<BenchReport.Row> listener;

    private Benchmark(BenchOptions options, Consumer<BenchReport.Row> listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Runs all tests.
     *
     * @param listener told each row as it is measured
     * @throws ModelLoadException if the model cannot be opened
     */
    public static BenchReport run(BenchOptions options, Consumer<BenchReport.Row> listener) {
        return new Benchmark(options, listener).run();
    }

    /** Names for {@link BenchOptions.Subject.Shape}. */
    public static List<String> shapeNames() {
        return ModelShape.names();
    }

    private BenchReport run() {
        try (Checkpoint checkpoint = open(options.subject())) {
            Work work = Work.of(checkpoint);
            BenchReport.Model model = new BenchReport.Model(
                    checkpoint.path().getFileName().toString(), work.format(), work.bytes(), work.parameters());
            List<BenchReport.Machine> machines = new ArrayList<>();
            List<BenchReport.Row> rows = new ArrayList<>();
            for (int threads : options.threads()) {
                BenchReport.Machine machine = machine(threads);
                machines.add(machine);
                rows.addAll(measure(checkpoint, work, machine));
            }
            return new BenchReport(machines, model, rows);
        } catch (IOException e) {
            throw new ModelLoadException(String.valueOf(e.getMessage()), e);
        }
    }

    static Checkpoint open(BenchOptions.Subject subject) throws IOException {
        return switch (subject) {
            case BenchOptions.Subject.Model model -> Checkpoint.open(model.path());
            case BenchOptions.Subject.Shape shape -> {
                try {
                    yield ModelShape.named(shape.name()).create(shape.format(), 1);
                } catch (IllegalArgumentException e) {
                    throw new InvalidRequestException("shape", String.valueOf(e.getMessage()));
                }
            }
        };
    }

    private BenchReport.Machine machine(int threads) {
        try (CpuArithmetic arithmetic = Arithmetic.named(options.cpuIsa())) {
            Optional<CpuLimits> limits = CpuLimits.measure(arithmetic, threads);
            return new BenchReport.Machine(
                    arithmetic.cpuName(),
                    arithmetic.isaName(),
                    threads,
                    limits.map(CpuLimits::readGbps).orElse(null),
                    limits.map(CpuLimits::fmaGflops).orElse(null),
                    limits.map(CpuLimits::int8Gops).orElse(null));
        }
    }

    private List<BenchReport.Row> measure(Checkpoint checkpoint, Work work, BenchReport.Machine machine)
            throws IOException {
        int longest = Math.max(options.promptTokens(), options.depth() + options.generatedTokens() + 1);
        int most = options.parallel().stream().mapToInt(n -> n).max().orElse(1);
        int blocksEach = longest / KV_BLOCK_SIZE + 1;
        KvType kvType = EngineConfig.kvType(options.kvCacheDtype());
        ModelOptions modelOptions =
                new ModelOptions(longest, MAX_STEP_TOKENS, most, kvType, blocksEach * most, KV_BLOCK_SIZE);
        List<BenchReport.Row> rows = new ArrayList<>();
        try (CpuBackend backend = new CpuBackend(machine.threads(), Arithmetic.named(options.cpuIsa()));
                LanguageModel model =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, modelOptions, share -> {})) {
            Steps steps = new Steps(model, blocksEach);
            if (options.promptTokens() > 0) {
                double seconds = median(() -> steps.prompt(1, options.promptTokens()));
                int numSteps = (options.promptTokens() + MAX_STEP_TOKENS - 1) / MAX_STEP_TOKENS;
                rows.add(report(
                        "pp" + options.promptTokens(), options.promptTokens(), numSteps, seconds, work, machine));
            }
            if (options.generatedTokens() > 0) {
                for (int sequences : options.parallel()) {
                    steps.prompt(sequences, options.depth());
                    double seconds =
                            median(() -> steps.generate(sequences, options.depth(), options.generatedTokens()));
                    int tokens = sequences * options.generatedTokens();
                    rows.add(report(name(sequences), tokens, options.generatedTokens(), seconds, work, machine));
                }
            }
        }
        return rows;
    }

    private String name(int sequences) {
        return "tg" + options.generatedTokens()
                + (options.depth() > 0 ? "@d" + options.depth() : "")
                + (sequences > 1 ? "x" + sequences : "");
    }

    private double median(Runnable test) {
        test.run();
        double[] seconds = new double[options.repetitions()];
        for (int i = 0; i < seconds.length; i++) {
            long start = System.nanoTime();
            test.run();
            seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        return seconds[seconds.length / 2];
    }

    private BenchReport.Row report(
            String test, int tokens, int numSteps, double seconds, Work work, BenchReport.Machine machine) {
        double weightGbps = 1e-9 * work.bytes() * numSteps / seconds;
        // A prompt asks for the logits of its last token only.
        double products = (double) tokens * work.bodyParameters()
                + (double) (test.startsWith("pp") ? numSteps : tokens) * (work.parameters() - work.bodyParameters());
        double gflops = 2e-9 * products / seconds;
        Double peak = work.quantised() ? machine.int8Gops() : machine.fmaGflops();
        BenchReport.Row row = new BenchReport.Row(
                test,
                machine.threads(),
                tokens / seconds,
                weightGbps,
                machine.readGbps() == null ? null : weightGbps / machine.readGbps(),
                gflops,
                peak == null ? null : gflops / peak);
        listener.accept(row);
        return row;
    }

    /** Steps as a scheduler would make them, without one. */
    private record Steps(LanguageModel model, int blocksEach) {
        void prompt(int sequences, int numTokens) {
            int most = Math.max(1, MAX_STEP_TOKENS / sequences);
            for (int from = 0; from < numTokens; from += most) {
                step(sequences, from, Math.min(most, numTokens - from));
            }
        }

        void generate(int sequences, int depth, int numTokens) {
            for (int i = 0; i < numTokens; i++) {
                step(sequences, depth + i, 1);
            }
        }

        /** {@code count} tokens of each sequence from position {@code from} on; logits of each sequence's last. */
        private void step(int sequences, int from, int count) {
            int rows = sequences * count;
            int[] tokenIds = new int[rows];
            Arrays.fill(tokenIds, SOME_TOKEN);
            model.forward(new StepInput(
                    rows,
                    sequences,
                    sequences,
                    tokenIds,
                    IntStream.range(0, rows).map(row -> from + row % count).toArray(),
                    IntStream.rangeClosed(0, sequences).map(s -> s * count).toArray(),
                    IntStream.range(0, sequences).map(s -> from + count).toArray(),
                    IntStream.range(0, rows)
                            .map(row -> row / count * blocksEach * KV_BLOCK_SIZE + from + row % count)
                            .toArray(),
                    IntStream.range(0, sequences * blocksEach).toArray(),
                    blocksEach,
                    IntStream.range(0, sequences)
                            .map(s -> s * count + count - 1)
                            .toArray()));
        }
    }

    /**
     * What one token costs.
     *
     * @param bytes of the matrices that are read
     * @param parameters in them
     * @param bodyParameters without the output matrix
     */
    private record Work(String format, long bytes, long parameters, long bodyParameters, boolean quantised) {
        static Work of(Checkpoint checkpoint) throws IOException {
            double expertShare = expertShare(checkpoint);
            boolean tied = checkpoint.tensorNames().stream()
                    .noneMatch(name -> name.equals("output.weight") || name.startsWith("lm_head"));
            double bytes = 0;
            double parameters = 0;
            double body = 0;
            long mostNumbers = 0;
            DType format = DType.F32;
            for (String name : checkpoint.tensorNames()) {
                Tensor tensor = checkpoint.tensor(name);
                boolean embedding = name.contains("embd.weight") || name.contains("embed_tokens");
                if (tensor.rank() < 2 || (embedding && !tied)) {
                    continue;
                }
                double share = name.contains("exps") || name.contains("experts") ? expertShare : 1;
                bytes += share * tensor.data().byteSize();
                parameters += share * tensor.count();
                body += embedding || name.startsWith("output") || name.startsWith("lm_head")
                        ? 0
                        : share * tensor.count();
                if (tensor.count() > mostNumbers && !embedding) {
                    mostNumbers = tensor.count();
                    format = tensor.dtype();
                }
            }
            return new Work(format.toString(), (long) bytes, (long) parameters, (long) body, format.isBlocked());
        }

        private static double expertShare(Checkpoint checkpoint) throws IOException {
            var moe = Families.of(checkpoint)
                    .configure(tokamak.model.Hyperparameters.of(checkpoint))
                    .moe();
            return moe == null ? 1 : (double) moe.numUsed() / moe.numExperts();
        }
    }
}
