package tokamak.quantize;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.GgufOutput;
import tokamak.file.HfCheckpoint;
import tokamak.model.Architecture;
import tokamak.model.FormatMix;
import tokamak.model.GgufForm;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;
import tokamak.text.GgufVocabulary;

/**
 * A model as a GGUF file in another number format. Of a GGUF file, everything but the tensors is taken over as it is; a
 * Hugging Face folder is put into GGUF's form.
 */
public final class GgufQuantizer {
    private static final long QUANTIZATION_VERSION = 2;

    /** Values of {@code general.file_type}, as llama.cpp numbers them. */
    private static final Map<String, Long> FILE_TYPES = Map.ofEntries(
            Map.entry("F32", 0L),
            Map.entry("F16", 1L),
            Map.entry("Q4_0", 2L),
            Map.entry("Q4_1", 3L),
            Map.entry("Q8_0", 7L),
            Map.entry("Q5_0", 8L),
            Map.entry("Q5_1", 9L),
            Map.entry("Q4_K", 14L),
            Map.entry("Q4_K_M", 15L),
            Map.entry("Q5_K", 16L),
            Map.entry("Q5_K_M", 17L),
            Map.entry("Q6_K", 18L),
            Map.entry("BF16", 32L),
            Map.entry("MXFP4", 38L));

    private final FormatMix mix;
    private final Importance importance;
    private final GgufOutput output = new GgufOutput();
    private final Map<String, List<? extends Matrix>> contents = new HashMap<>();

    private GgufQuantizer(FormatMix mix, Importance importance) {
        this.mix = mix;
        this.importance = importance;
    }

    /** Names of formats and mixes that can be written. */
    public static Set<String> formats() {
        return FILE_TYPES.keySet();
    }

    /**
     * @param family of the model
     * @param importance of the inputs; empty: without calibration
     * @param target written when all is done; {@code target.part} until then
     * @return bytes of the tensors that were written
     * @throws IllegalArgumentException if the format can be read only
     */
    public static long quantize(
            Checkpoint source,
            Architecture family,
            FormatMix mix,
            Importance importance,
            Path target,
            DoubleConsumer progress)
            throws IOException {
        if (!FormatChoice.canWrite(mix)) {
            throw new IllegalArgumentException(mix.name() + " can be read, not written; formats to write are "
                    + String.join(", ", FILE_TYPES.keySet().stream().sorted().toList()));
        }
        GgufQuantizer quantizer = new GgufQuantizer(mix, importance);
        return switch (source) {
            case GgufCheckpoint gguf -> {
                quantizer.take(gguf);
                yield quantizer.write(target, progress);
            }
            case HfCheckpoint hf -> {
                try (GgufForm form = GgufForm.of(hf, family)) {
                    quantizer.take(hf, form);
                    yield quantizer.write(target, progress);
                }
            }
        };
    }

    private void take(GgufCheckpoint source) throws IOException {
        source.rawPairs().forEach((key, value) -> {
            // The parts of a split model become one file.
            if (!key.startsWith("split.") && !key.equals("general.alignment")) {
                output.copy(key, value);
            }
        });
        String architecture = source.metadata().string("general.architecture");
        FormatChoice choice = new FormatChoice(
                mix, (int) source.metadata().integer(architecture + ".block_count"), source.tensorNames());
        for (String name : source.tensorNames()) {
            Tensor tensor = source.tensor(name);
            add(choice, name, tensor.shape(), List.of(tensor.reshape(tensor.rows(), tensor.columns())));
        }
    }

    private void take(HfCheckpoint source, GgufForm form) throws IOException {
        form.metadata().forEach(output::put);
        output.put(
                "general.name",
                String.valueOf(source.path().toAbsolutePath().normalize().getFileName()));
        int numTokens = (int) form.tensors().getFirst().shape()[0];
        GgufVocabulary.pairs(source, numTokens).forEach(output::put);
        Set<String> names = form.tensors().stream().map(GgufForm.Part::name).collect(Collectors.toSet());
        FormatChoice choice = new FormatChoice(mix, form.numLayers(), names);
        for (GgufForm.Part part : form.tensors()) {
            add(choice, part.name(), part.shape(), part.parts());
        }
    }

    private void add(FormatChoice choice, String name, long[] shape, List<? extends Matrix> parts) {
        output.add(new GgufOutput.TensorPlan(
                name, choice.of(name, shape, parts.getFirst().dtype()), shape));
        contents.put(name, parts);
    }

    private float @Nullable [] importanceOf(String tensor, Matrix part) {
        if (tensor.equals("token_embd.weight") && contents.containsKey("output.weight")) {
            return null; // a table to look up in, no more
        }
        return GgufRoles.of(tensor)
                .flatMap(place -> importance.of(place.layer(), place.input()))
                .filter(channels -> channels.length == part.columns())
                .orElse(null);
    }

    private long write(Path target, DoubleConsumer progress) throws IOException {
        Long fileType = FILE_TYPES.get(mix.name());
        if (fileType != null) {
            output.put("general.file_type", fileType);
        }
        output.put("general.quantization_version", QUANTIZATION_VERSION);
        importance.description().ifPresent(text -> output.put("quantize.imatrix.dataset", text));
        long total = output.tensorBytes();
        long[] written = {0};
        output.write(target, (plan, out) -> {
            for (Matrix part : contents.get(plan.name())) {
                MatrixWriter.write(part, plan.dtype(), importanceOf(plan.name(), part), out);
            }
            written[0] += plan.byteSize();
            progress.accept((double) written[0] / total);
        });
        return total;
    }
}
