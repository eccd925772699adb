package tokamak.quantize;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.DoubleConsumer;
import tokamak.file.GgufCheckpoint;
import tokamak.file.GgufOutput;
import tokamak.model.FormatMix;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** A GGUF model in another number format: everything but the tensors is taken over as it is. */
public final class GgufRewriter {
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

    private GgufRewriter() {}

    /**
     * @param target written when all is done; {@code target.part} until then
     * @return bytes of the tensors that were written
     */
    public static long rewrite(GgufCheckpoint source, FormatMix mix, Path target, DoubleConsumer progress)
            throws IOException {
        if (!FormatChoice.canWrite(mix)) {
            throw new IllegalArgumentException(mix.name() + " can be read, not written; formats to write are "
                    + String.join(", ", FILE_TYPES.keySet().stream().sorted().toList()));
        }
        GgufOutput output = new GgufOutput();
        source.rawPairs().forEach((key, value) -> {
            // The parts of a split model become one file.
            if (!key.startsWith("split.") && !key.equals("general.alignment")) {
                output.copy(key, value);
            }
        });
        Long fileType = FILE_TYPES.get(mix.name());
        if (fileType != null) {
            output.put("general.file_type", fileType);
        }
        output.put("general.quantization_version", QUANTIZATION_VERSION);
        String architecture = source.metadata().string("general.architecture");
        int numLayers = (int) source.metadata().integer(architecture + ".block_count");
        FormatChoice choice =
                new FormatChoice(mix, numLayers, source.find("output.weight").isPresent());
        for (String name : source.tensorNames()) {
            Tensor tensor = source.tensor(name);
            DType dtype = choice.of(tensor);
            output.add(new GgufOutput.TensorPlan(name, dtype, tensor.shape()));
        }
        long total = output.tensorBytes();
        long[] written = {0};
        output.write(target, (plan, out) -> {
            TensorWriter.write(source.tensor(plan.name()), plan.dtype(), out);
            written[0] += plan.byteSize();
            progress.accept((double) written[0] / total);
        });
        return total;
    }
}
