package tokamak;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tokamak.backend.Activation;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.StepInput;
import tokamak.backend.Weight;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.ModelShape;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;

/**
 * Says where the time of a step goes: {@code OperationAccount SHAPE FORMAT TOKENS DEPTH [THREADS] [KV]}. Every call of the backend
 * is timed; products are told apart by their size. SHAPE is one of {@link ModelShape} or {@link FamilyShapes}.
 */
final class OperationAccount {
    private static final int BLOCK = 16;
    private static final int STEPS = Integer.getInteger("steps", 60);
    /** GGUF files can't say that a model has erf in its activation. */
    private static final boolean ERF = Boolean.getBoolean("erf");

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Map<String, List<Long>> nanos = new LinkedHashMap<>();
    private int step = -1;

    public static void main(String[] arguments) throws Exception {
        int tokens = Integer.parseInt(arguments[2]);
        int depth = Integer.parseInt(arguments[3]);
        int threads = arguments.length > 4 ? Integer.parseInt(arguments[4]) : 2;
        KvType kv = KvType.named(arguments.length > 5 ? arguments[5] : "f16");
        new OperationAccount().run(arguments[0], arguments[1], tokens, depth, threads, kv);
    }

    private void run(String shape, String format, int tokens, int depth, int threads, KvType kv) throws Exception {
        int length = depth + tokens;
        ModelOptions options = new ModelOptions(length, tokens, 1, kv, length / BLOCK + 1, BLOCK);
        try (Checkpoint checkpoint = checkpoint(shape, format);
                CpuBackend backend = new CpuBackend(threads);
                LanguageModel model =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), timed(backend), options, share -> {})) {
            StepInput input = input(tokens, depth);
            List<Long> whole = new ArrayList<>();
            List<Long> cpu = new ArrayList<>();
            for (int i = -STEPS / 2; i < STEPS; i++) {
                step = i;
                long start = System.nanoTime();
                long cpuStart = THREADS.getCurrentThreadCpuTime();
                model.forward(input);
                if (i >= 0) {
                    whole.add(System.nanoTime() - start);
                    cpu.add(THREADS.getCurrentThreadCpuTime() - cpuStart);
                }
            }
            print(whole, cpu);
        }
    }

    private static Checkpoint checkpoint(String shape, String format) throws Exception {
        for (FamilyShapes family : FamilyShapes.values()) {
            if (family.name().equalsIgnoreCase(shape)) {
                return family.create(DType.valueOf(format));
            }
        }
        return ModelShape.named(shape).create(format, 1);
    }

    private Backend timed(CpuBackend backend) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    long start = System.nanoTime();
                    try {
                        if (ERF && arguments != null) {
                            Arrays.setAll(
                                    arguments,
                                    i -> arguments[i] == Activation.GELU_TANH ? Activation.GELU : arguments[i]);
                        }
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        if (step >= 0) {
                            String name = method.getName();
                            for (Object argument : arguments) {
                                name += argument instanceof Weight w
                                        ? " %d x %d, %.2f MB"
                                                .formatted(w.outFeatures(), w.inFeatures(), w.bytes() * 1e-6)
                                        : "";
                            }
                            nanos.computeIfAbsent(name, _ -> new ArrayList<>()).add(System.nanoTime() - start);
                        }
                    }
                });
    }

    /** A machine that does other work makes some calls slow: the first quartile says what a call takes alone. */
    private void print(List<Long> whole, List<Long> cpu) {
        double sum = 0;
        for (Map.Entry<String, List<Long>> entry : nanos.entrySet()) {
            double calls = (double) entry.getValue().size() / STEPS;
            double micros = quartile(entry.getValue());
            sum += calls * micros;
            System.out.printf("%-42s %8.1f us x %3.0f = %8.1f us%n", entry.getKey(), micros, calls, calls * micros);
        }
        System.out.printf(
                "sum %.1f us, step %.1f us, CPU time of the caller %.1f us%n", sum, quartile(whole), quartile(cpu));
    }

    private static double quartile(List<Long> nanos) {
        return nanos.stream().sorted().toList().get(nanos.size() / 4) * 1e-3;
    }

    private static StepInput input(int tokens, int depth) {
        int blocks = (depth + tokens) / BLOCK + 1;
        int[] ids = new int[tokens];
        Arrays.fill(ids, 100);
        int[] positions = IntStream.range(depth, depth + tokens).toArray();
        return new StepInput(
                tokens,
                1,
                1,
                ids,
                positions,
                new int[] {0, tokens},
                new int[] {depth + tokens},
                positions,
                IntStream.range(0, blocks).toArray(),
                blocks,
                new int[] {tokens - 1});
    }
}
