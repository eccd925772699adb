package tokamak.quantize;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import tokamak.file.GgufOutput;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SafetensorsOutput;
import tokamak.file.SafetensorsOutput.TensorPlan;
import tokamak.model.Architecture;
import tokamak.model.HfForm;
import tokamak.model.HfForm.Part;
import tokamak.tensor.DType;
import tokamak.tensor.Matrix;
import tokamak.tensor.Quantizers;
import tokamak.tensor.Tensor;

/**
 * A Hugging Face folder with its linear layers in another number format, as other programs publish and read it. Embeddings,
 * the output matrix, routers and norms stay as they are; so do layers that the format cannot hold.
 */
public final class HfQuantizer {
    /** As Hugging Face's own writer has it. */
    private static final long SHARD_BYTES = 5_000_000_000L;

    /** Writes one tensor of the output. */
    private interface TensorWriter {
        void write(TensorPlan plan, WritableByteChannel out) throws IOException;
    }

    private final HfCheckpoint source;
    private final HfFormat format;
    private final LinearLayout layout;
    private final Folding folding;
    private final Set<String> converted = new HashSet<>();
    private final SafetensorsOutput output = new SafetensorsOutput(SHARD_BYTES);
    private final Map<String, TensorWriter> writers = new HashMap<>();
    private final TreeSet<String> plainModules;

    /** The layer that was encoded last: its tensors follow one another. */
    private String encodedModule = "";

    private Map<String, MemorySegment> encoded = Map.of();
    private @Nullable Arena encodedArena;

    private HfQuantizer(HfCheckpoint source, HfForm form, HfFormat format, Importance importance)
            throws ModelFormatException {
        this.source = source;
        this.format = format;
        List<Part.Linear> layers = form.parts().stream()
                .filter(Part.Linear.class::isInstance)
                .map(Part.Linear.class::cast)
                .toList();
        layout = format.layout(layers);
        plainModules = new TreeSet<>(form.plainModules());
        chooseConverted(layers);
        if (converted.isEmpty()) {
            throw new ModelFormatException(source.path() + ": no linear layer of this model can be stored as "
                    + format.label() + ", because of their sizes; take a GGUF format");
        }
        folding = new Folding(
                source,
                layout,
                importance,
                layers.stream()
                        .filter(layer -> converted.contains(layer.name()))
                        .toList());
        for (Part part : form.parts()) {
            switch (part) {
                case Part.Linear linear when converted.contains(linear.name()) -> addConverted(linear);
                case Part.Linear linear -> addPlain(linear.name(), folding.rows(linear));
                case Part.Plain plain ->
                    addPlain(
                            plain.name(),
                            new LinearRows(plain.matrix(), folding.columnFactors(plain.siblings()), null));
                case Part.Other other -> addOther(other.tensor());
            }
        }
    }

    /**
     * @param importance of the inputs; empty: without calibration
     * @param target folder that is written when all is done; {@code target.part} until then
     * @param settings what the content depends on besides the source
     * @return bytes of the tensors that were written
     * @throws ModelFormatException if the model has no form in the format
     */
    public static long quantize(
            HfCheckpoint source,
            Architecture family,
            HfFormat format,
            Importance importance,
            Path target,
            String settings,
            DoubleConsumer progress)
            throws IOException {
        try (HfForm form = HfForm.of(source, family)) {
            HfQuantizer quantizer = new HfQuantizer(source, form, format, importance);
            try {
                return quantizer.write(target, settings, progress);
            } catch (MatrixRows.NotFinite found) {
                throw found.asFormatException();
            } finally {
                quantizer.forget();
            }
        }
    }

    /** Layers of one unit are stored alike. */
    private void chooseConverted(List<Part.Linear> layers) {
        Set<String> refused = new HashSet<>();
        for (Part.Linear layer : layers) {
            if (!layout.fits(layer.matrix().rows(), layer.matrix().columns())) {
                refused.add(layer.siblings().unit());
            }
        }
        for (Part.Linear layer : layers) {
            if (refused.contains(layer.siblings().unit())) {
                plainModules.add(layer.name());
            } else {
                converted.add(layer.name());
            }
        }
    }

    private void addConverted(Part.Linear linear) {
        long rows = linear.matrix().rows();
        for (TensorPlan plan : layout.plan(linear.name(), rows, linear.matrix().columns())) {
            add(
                    plan,
                    (tensor, out) -> GgufOutput.writeFully(out, encoded(linear).get(tensor.name())));
        }
    }

    private Map<String, MemorySegment> encoded(Part.Linear linear) {
        if (!encodedModule.equals(linear.name())) {
            forget();
            Arena arena = Arena.ofShared();
            encodedArena = arena;
            encoded = layout.encode(linear.name(), folding.rows(linear), folding.scaledImportance(linear), arena);
            encodedModule = linear.name();
            linear.matrix().unload();
        }
        return encoded;
    }

    private void forget() {
        if (encodedArena != null) {
            encodedArena.close();
            encodedArena = null;
            encodedModule = "";
        }
    }

    /** A matrix that is not quantised; in 16 bits, if the source has fewer. */
    private void addPlain(String module, LinearRows rows) {
        Matrix matrix = rows.matrix();
        boolean same = rows.columnFactors() == null && rows.rowDivisors() == null;
        if (same && matrix instanceof Tensor) {
            addCopy(source.find(module + ".weight").orElseThrow());
            return;
        }
        boolean isPlain =
                Quantizers.of(matrix.dtype()).isPresent() && !matrix.dtype().isBlocked();
        DType dtype = isPlain ? matrix.dtype() : DType.F16;
        long[] shape = {rows.rows(), rows.columns()};
        add(new TensorPlan(module + ".weight", dtype, shape), (plan, out) -> writeRows(rows, dtype, out));
    }

    private static void writeRows(LinearRows rows, DType dtype, WritableByteChannel out) throws IOException {
        int step = Math.max(1, (1 << 20) / rows.columns());
        for (int from = 0; from < rows.rows(); from += step) {
            float[] numbers = rows.read(from, Math.min(rows.rows(), from + step));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment bytes = arena.allocate(dtype.bytes(numbers.length), 8);
                Quantizers.of(dtype).orElseThrow().quantize(numbers, 0, numbers.length, bytes, 0);
                GgufOutput.writeFully(out, bytes);
            }
        }
        rows.matrix().unload();
    }

    private void addOther(Tensor tensor) {
        if (folding.changes(tensor)) {
            add(
                    new TensorPlan(tensor.name(), tensor.dtype(), tensor.shape()),
                    (plan, out) -> GgufOutput.writeFully(out, MemorySegment.ofArray(folding.changed(tensor))));
        } else {
            addCopy(tensor);
        }
    }

    private void addCopy(Tensor tensor) {
        add(new TensorPlan(tensor.name(), tensor.dtype(), tensor.shape()), (plan, out) -> {
            GgufOutput.writeFully(out, tensor.data());
            tensor.unload();
        });
    }

    private void add(TensorPlan plan, TensorWriter writer) {
        output.add(plan);
        writers.put(plan.name(), writer);
    }

    private long write(Path target, String settings, DoubleConsumer progress) throws IOException {
        long total = output.tensorBytes();
        long[] written = {0};
        FolderOutput.write(target, "source " + source.path().toAbsolutePath().normalize() + "\n" + settings, folder -> {
            FolderOutput.copy(source.companions(), folder);
            output.write(folder, (plan, out) -> {
                writers.get(plan.name()).write(plan, out);
                written[0] += plan.byteSize();
                progress.accept((double) written[0] / total);
            });
            SafetensorsOutput.writeText(folder.resolve("config.json"), source.configWith(configChanges()));
        });
        return total;
    }

    private Map<String, Object> configChanges() {
        Map<String, Object> changes = new HashMap<>();
        changes.put("compression_config", null);
        changes.put("quantization_config", layout.config(plainModules));
        if (format == HfFormat.AWQ) {
            // Its kernels elsewhere compute in float16 only.
            changes.put(source.metadata().has("dtype") ? "dtype" : "torch_dtype", "float16");
        }
        return changes;
    }
}
