package tokamak.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * Writes the tensors of a Hugging Face folder: {@code model.safetensors}, or several shards and an index, under the names
 * that Hugging Face's own writer uses. A shard is whole when it has its name; begun again in the same folder, whole shards are
 * kept and an unfinished one goes on. Source: the format description of the safetensors project.
 */
public final class SafetensorsOutput {
    /** Readers view the bytes as numbers, so these have to be aligned; nothing may lie between two tensors. */
    private static final int ALIGNMENT = 8;

    /** Writes a tensor's bytes. */
    public interface Content {
        void write(TensorPlan tensor, WritableByteChannel out) throws IOException;
    }

    /**
     * A tensor that is to be written.
     *
     * @param shape outermost first
     */
    public record TensorPlan(String name, DType dtype, long[] shape) {
        public TensorPlan {
            if (SafetensorsHeader.dtype(dtype.name()).isEmpty()) {
                throw new IllegalArgumentException(name + ": safetensors files cannot hold " + dtype);
            }
        }

        public long byteSize() {
            return Tensor.byteSize(dtype, shape);
        }
    }

    private final long maxShardBytes;
    private final List<TensorPlan> tensors = new ArrayList<>();

    /** @param maxShardBytes of tensors in one file, unless a single one has more */
    public SafetensorsOutput(long maxShardBytes) {
        this.maxShardBytes = maxShardBytes;
    }

    public void add(TensorPlan tensor) {
        tensors.add(tensor);
    }

    /** Bytes of all tensors. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(TensorPlan::byteSize).sum();
    }

    /** Writes everything that is not in the folder yet. */
    public void write(Path folder, Content content) throws IOException {
        List<List<TensorPlan>> shards = shards();
        Map<String, String> shardOfTensor = new TreeMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = shards.size() == 1
                    ? "model.safetensors"
                    : String.format(java.util.Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            List<TensorPlan> shard = shards.get(i);
            shard.forEach(tensor -> shardOfTensor.put(tensor.name(), name));
            if (!Files.exists(folder.resolve(name))) {
                List<Long> sizes = shard.stream().map(TensorPlan::byteSize).toList();
                // Tensors of odd sizes are last, so nothing needs to be filled up.
                new PartFile(header(shard), sizes, 1)
                        .write(folder.resolve(name), (tensor, out) -> content.write(shard.get(tensor), out));
            }
        }
        if (shards.size() > 1) {
            writeText(
                    folder.resolve("model.safetensors.index.json"),
                    JsonOutput.indented(
                            Map.of("metadata", Map.of("total_size", tensorBytes()), "weight_map", shardOfTensor)));
        }
    }

    /** Writes a small file as a whole. */
    public static void writeText(Path target, String text) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        Files.writeString(part, text);
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private List<List<TensorPlan>> shards() {
        List<List<TensorPlan>> shards = new ArrayList<>();
        List<TensorPlan> shard = new ArrayList<>();
        long bytes = 0;
        for (TensorPlan tensor : tensors) {
            if (!shard.isEmpty() && bytes + tensor.byteSize() > maxShardBytes) {
                shards.add(aligned(shard));
                shard = new ArrayList<>();
                bytes = 0;
            }
            shard.add(tensor);
            bytes += tensor.byteSize();
        }
        shards.add(aligned(shard));
        return shards;
    }

    /** In the order given, but that tensors after which the next would not be aligned are last, large numbers first. */
    private static List<TensorPlan> aligned(List<TensorPlan> shard) {
        Comparator<TensorPlan> oddLast = Comparator.comparing(tensor -> tensor.byteSize() % ALIGNMENT != 0);
        return shard.stream()
                .sorted(oddLast.thenComparing(tensor ->
                        tensor.byteSize() % ALIGNMENT == 0 ? 0 : -tensor.dtype().blockBytes()))
                .toList();
    }

    private static byte[] header(List<TensorPlan> shard) {
        Map<String, Object> entries = new LinkedHashMap<>();
        entries.put("__metadata__", Map.of("format", "pt"));
        long offset = 0;
        for (TensorPlan tensor : shard) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", tensor.dtype().name());
            entry.put("shape", java.util.Arrays.stream(tensor.shape()).boxed().toList());
            entry.put("data_offsets", List.of(offset, offset + tensor.byteSize()));
            entries.put(tensor.name(), entry);
            offset += tensor.byteSize();
        }
        byte[] json = JsonOutput.compact(entries).getBytes(StandardCharsets.UTF_8);
        int length = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        byte[] padded = java.util.Arrays.copyOf(json, length);
        java.util.Arrays.fill(padded, json.length, length, (byte) ' ');
        return ByteBuffer.allocate(8 + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(padded)
                .array();
    }
}
