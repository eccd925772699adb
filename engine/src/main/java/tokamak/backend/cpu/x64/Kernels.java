package tokamak.backend.cpu.x64;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The machine code of one backend: assembled for the processor at hand, routine by routine as they are first needed. Owns
 * the executable memory; whoever creates it closes it last.
 */
public final class Kernels implements AutoCloseable {
    private final ExecutableMemory memory;
    private final OperatingSystem system;
    private final CpuFeatures features;
    private final Isa isa;
    private final Map<Object, Routine> routines = new ConcurrentHashMap<>();

    private Kernels(ExecutableMemory memory, OperatingSystem system, CpuFeatures features, Isa isa) {
        this.memory = memory;
        this.system = system;
        this.features = features;
        this.isa = isa;
    }

    /**
     * Kernels for the widest instruction set of this processor that rounds no more than others.
     *
     * @throws ExecutableMemoryException if the system or the processor can't run them; the message says why
     */
    public static Kernels forThisMachine() {
        return create(null);
    }

    /**
     * Kernels for a given instruction set.
     *
     * @throws IllegalArgumentException if the processor lacks it
     * @throws ExecutableMemoryException if the system can't run machine code of ours
     */
    public static Kernels forIsa(Isa isa) {
        return create(isa);
    }

    private static Kernels create(@Nullable Isa wanted) {
        OperatingSystem system = OperatingSystem.current();
        ExecutableMemory memory = new ExecutableMemory(system);
        try {
            CpuFeatures features = CpuFeatures.detect(memory, system);
            List<Isa> available = Isa.availableOn(features);
            if (available.isEmpty()) {
                throw new ExecutableMemoryException(features.name() + " has no AVX2, FMA and F16C", null);
            }
            Isa isa = wanted == null ? Isa.bestOf(available) : wanted;
            if (!available.contains(isa)) {
                throw new IllegalArgumentException("instruction set '" + isa.label() + "' is not on " + features.name()
                        + "; it has " + available.stream().map(Isa::label).toList());
            }
            return new Kernels(memory, system, features, isa);
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    /** What this processor can run, narrowest first. */
    public List<Isa> available() {
        return Isa.availableOn(features);
    }

    public Isa isa() {
        return isa;
    }

    /** The processor's own name. */
    public String processor() {
        return features.name();
    }

    /** Processor and instruction set, for people. */
    public String describe() {
        return features.name() + ", " + isa.label();
    }

    OperatingSystem system() {
        return system;
    }

    /** The routine of that key, assembled by {@code generate} if it is the first time. */
    <K extends Record> Routine routine(K key, Function<K, byte[]> generate) {
        Routine known = routines.get(key);
        return known != null
                ? known
                : routines.computeIfAbsent(key, _ -> new Routine(memory.install(generate.apply(key))));
    }

    /** Gives the code back. No routine may be running or be called later. */
    @Override
    public void close() {
        routines.clear();
        memory.close();
    }
}
