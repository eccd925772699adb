package tokamak.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.quant.QuantizedLayers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/**
 * What a Hugging Face checkpoint consists of, for somebody who writes its linear layers anew: which they are, which of them
 * read the same numbers, and what those numbers come from.
 */
public final class HfForm implements AutoCloseable {
    /** A piece of the checkpoint. */
    public sealed interface Part {
        /** Of the tensor, or of the module. */
        String name();

        /** A linear layer that may be written in another format, {@code [out, in]}. */
        record Linear(String name, Matrix matrix, Siblings siblings) implements Part {}

        /** A matrix that stays in full precision; {@code siblings} where it reads what others read, such as a router. */
        record Plain(String name, Matrix matrix, @Nullable Siblings siblings) implements Part {}

        /** Any other tensor. */
        record Other(Tensor tensor) implements Part {
            @Override
            public String name() {
                return tensor.name();
            }
        }
    }

    /**
     * Linear layers with the same input.
     *
     * @param unit siblings of one unit are stored in one format: programs make one layer of them
     * @param origin of the input; null if it can't be scaled
     */
    public record Siblings(
            int layer,
            LinearInput input,
            String unit,
            @Nullable Origin origin) {}

    /** From where siblings have their input, which can give it multiplied by a constant per column. */
    public sealed interface Origin {
        /**
         * A norm.
         *
         * @param lessOne whether its weight is stored less one
         */
        record Norm(String weight, String bias, boolean lessOne) implements Origin {}

        /**
         * Rows of another linear layer, by numbers that don't change the proportion.
         *
         * @param firstRow of that layer's output
         * @param repeat runs of {@code run} rows are used so many times, one after another
         */
        record Rows(String module, int firstRow, int run, int repeat) implements Origin {}
    }

    private final HfCheckpoint checkpoint;
    private final ConfigDraft draft;
    private final ModelConfig config;
    private final Arena arena;
    private final TensorSource source;
    private final TreeMap<String, Part> parts = new TreeMap<>();
    private final Set<String> plainModules = new HashSet<>();

    private HfForm(HfCheckpoint checkpoint, Architecture family, Arena arena) throws IOException {
        this.checkpoint = checkpoint;
        this.arena = arena;
        draft = family.draft(Hyperparameters.of(checkpoint));
        config = draft.build(family.name());
        source = new TensorSource(checkpoint, QuantizedLayers.of(checkpoint), draft.quirks, arena);
        if (draft.quirks.contains(ConfigDraft.Quirk.TRANSPOSED_LINEARS)) {
            throw source.error("models of the family " + family.name()
                    + " have their linear layers the other way round, for which the quantised formats of"
                    + " Hugging Face folders have no form; write a GGUF file");
        }
        for (int layer = 0; layer < config.numLayers(); layer++) {
            collectAttention(layer);
            collectFeedForward(layer);
        }
        plain(Role.OUTPUT, TensorSource.GLOBAL, null);
        plain(Role.TOKEN_EMBEDDING, TensorSource.GLOBAL, null);
        collectOthers();
    }

    /** @throws ModelFormatException if the checkpoint has matrices in a form that cannot be taken apart */
    public static HfForm of(HfCheckpoint checkpoint, Architecture family) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new HfForm(checkpoint, family, arena);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /** By name. */
    public List<Part> parts() {
        return List.copyOf(parts.values());
    }

    /** Modules with a matrix that is in no linear part, but for embeddings: what a list of exceptions has to name. */
    public Set<String> plainModules() {
        return plainModules;
    }

    private void collectAttention(int layer) throws ModelFormatException {
        boolean parallel = config.wiring() == ModelConfig.Wiring.PARALLEL;
        Siblings inputs = new Siblings(
                layer, LinearInput.MIXER, unit(layer, "qkv"), parallel ? null : norm(Role.MIXER_NORM, layer));
        for (Role role : List.of(Role.ATTN_Q, Role.ATTN_K, Role.ATTN_V, Role.ATTN_QKV)) {
            linear(role, layer, TensorSource.GLOBAL, inputs);
        }
        linear(
                Role.ATTN_OUTPUT,
                layer,
                TensorSource.GLOBAL,
                new Siblings(layer, LinearInput.MIXER_OUTPUT, unit(layer, "o"), values(layer)));
    }

    /** The rows of values, which attention only averages. */
    private Origin.@Nullable Rows values(int layer) {
        int numKvHeads = config.layers().get(layer).numKvHeads();
        int repeat = config.numHeads() / numKvHeads;
        Optional<String> own = source.module(Role.ATTN_V, layer, TensorSource.GLOBAL);
        if (own.isPresent()) {
            return new Origin.Rows(own.get(), 0, config.valueDim(), repeat);
        }
        int first = (config.numHeads() + numKvHeads) * config.headDim();
        return draft.quirks.contains(ConfigDraft.Quirk.QKV_BY_HEAD)
                ? null
                : source.module(Role.ATTN_QKV, layer, TensorSource.GLOBAL)
                        .map(module -> new Origin.Rows(module, first, config.valueDim(), repeat))
                        .orElse(null);
    }

    private void collectFeedForward(int layer) throws ModelFormatException {
        boolean experts = source.has(Role.ROUTER, layer);
        boolean parallel = config.wiring() == ModelConfig.Wiring.PARALLEL;
        // Experts in one tensor read the norm too, and stay as they are.
        boolean fixed = parallel || source.hasStacked(Role.EXPERTS_DOWN, layer);
        Siblings inputs = new Siblings(
                layer, LinearInput.FEED, unit(layer, experts ? "mlp" : "up"), fixed ? null : feedNorm(layer));
        for (Role role : List.of(Role.FFN_GATE, Role.FFN_UP, Role.SHARED_GATE, Role.SHARED_UP)) {
            linear(role, layer, TensorSource.GLOBAL, inputs);
        }
        plain(Role.ROUTER, layer, inputs);
        plain(Role.SHARED_ROUTER, layer, inputs);
        String downUnit = unit(layer, experts ? "mlp" : "down");
        linear(
                Role.FFN_DOWN,
                layer,
                TensorSource.GLOBAL,
                new Siblings(layer, LinearInput.FEED_DOWN, downUnit, gated(layer, Role.FFN_GATE, Role.FFN_UP)));
        linear(
                Role.SHARED_DOWN,
                layer,
                TensorSource.GLOBAL,
                new Siblings(layer, LinearInput.SHARED_DOWN, downUnit, gated(layer, Role.SHARED_GATE, Role.SHARED_UP)));
        ModelConfig.Moe moe = config.moe();
        Siblings downs = new Siblings(layer, LinearInput.EXPERT_DOWN, downUnit, null);
        for (int e = 0; experts && moe != null && e < moe.numExperts(); e++) {
            linear(Role.EXPERT_GATE, layer, e, inputs);
            linear(Role.EXPERT_UP, layer, e, inputs);
            linear(Role.EXPERT_DOWN, layer, e, downs);
        }
    }

    /** Up rows multiply the activated gate. In one matrix, those of the gate are first. */
    private Origin.@Nullable Rows gated(int layer, Role gate, Role up) throws ModelFormatException {
        Optional<String> module = source.module(up, layer, TensorSource.GLOBAL);
        if (module.isEmpty() || !(parts.get(module.get()) instanceof Part.Linear linear)) {
            return null;
        }
        int rows = Math.toIntExact(linear.matrix().rows());
        if (source.has(gate, layer)) {
            return new Origin.Rows(module.get(), 0, rows, 1);
        }
        boolean fused = rows == 2 * config.intermediateSize();
        return fused ? new Origin.Rows(module.get(), rows / 2, rows / 2, 1) : null;
    }

    private static String unit(int layer, String name) {
        return layer + "." + name;
    }

    /** The norm before the second half; see {@link Binder} for the middle one. */
    private Origin.@Nullable Norm feedNorm(int layer) {
        Origin.Norm own = norm(Role.FFN_NORM, layer);
        boolean middleIsPost =
                norm(Role.MIXER_POST_NORM, layer) == null && (own != null || norm(Role.MIXER_NORM, layer) == null);
        Origin.Norm middle = norm(Role.MIDDLE_NORM, layer);
        return middleIsPost || middle == null ? own : middle;
    }

    private Origin.@Nullable Norm norm(Role role, int layer) {
        return source.module(role, layer, TensorSource.GLOBAL)
                .map(module -> new Origin.Norm(
                        module + ".weight", module + ".bias", draft.quirks.contains(ConfigDraft.Quirk.NORMS_LESS_ONE)))
                .orElse(null);
    }

    private void linear(Role role, int layer, int expert, Siblings siblings) throws ModelFormatException {
        Optional<String> module = source.module(role, layer, expert);
        if (module.isPresent()) {
            parts.put(module.get(), new Part.Linear(module.get(), matrix(module.get()), siblings));
        }
    }

    private void plain(Role role, int layer, @Nullable Siblings siblings) throws ModelFormatException {
        Optional<String> module = source.module(role, layer, TensorSource.GLOBAL);
        if (module.isPresent()) {
            parts.put(module.get(), new Part.Plain(module.get(), matrix(module.get()), siblings));
            if (role != Role.TOKEN_EMBEDDING) {
                plainModules.add(module.get());
            }
        }
    }

    private Matrix matrix(String module) throws ModelFormatException {
        Optional<Matrix> packed = source.packed(module);
        if (packed.isPresent()) {
            return packed.get();
        }
        Tensor tensor = checkpoint.tensor(module + ".weight");
        source.used().add(tensor.name());
        if (tensor.rank() == 1) {
            return tensor.reshape(1, tensor.columns());
        }
        if (tensor.rank() != 2 || isPacked(tensor)) {
            throw source.error(tensor + ": expected a matrix of numbers");
        }
        return tensor;
    }

    private void collectOthers() throws ModelFormatException {
        for (String name : checkpoint.tensorNames()) {
            if (source.used().contains(name) || source.isSideTensor(name)) {
                continue;
            }
            Tensor tensor = checkpoint.tensor(name);
            if (isPacked(tensor)) {
                throw source.error(tensor + ": quantised already, in a form that cannot be written in another one; take"
                        + " the checkpoint it was made from");
            }
            parts.put(name, new Part.Other(tensor));
            if (tensor.rank() >= 2) {
                int experts = name.indexOf(".experts.");
                plainModules.add(
                        experts >= 0
                                ? name.substring(0, experts + ".experts".length())
                                : name.endsWith(".weight")
                                        ? name.substring(0, name.length() - ".weight".length())
                                        : name);
            }
        }
    }

    /** Numbers that mean nothing without scales. */
    private static boolean isPacked(Tensor tensor) {
        return switch (tensor.dtype()) {
            case F64, F32, F16, BF16, BOOL, I64 -> false;
            default -> true;
        };
    }

    /** Frees what had to be copied. */
    @Override
    public void close() {
        arena.close();
    }
}
