package tokamak.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tokamak.tensor.Tensor;

/** Finds the files of tensors in a Hugging Face folder: one, several by an index, or one of another name. */
final class HfTensors {
    /** What training leaves beside the weights. */
    private static final Set<String> NOT_WEIGHTS =
            Set.of("training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth");

    private static final Set<String> OTHER_TENSORS =
            Set.of(".gguf", ".h5", ".msgpack", ".onnx", ".ot", ".npz", ".tflite", ".part");

    private interface Reader {
        /** Every tensor of one file. */
        List<Tensor> read(Path file, MemorySegment mapped, TensorTable table) throws ModelFormatException;
    }

    private enum Kind {
        SAFETENSORS(
                "model.safetensors",
                List.of(".safetensors"),
                (file, mapped, table) -> table.checked(file, mapped, SafetensorsHeader.read(file, mapped))),
        PYTORCH("pytorch_model.bin", List.of(".bin", ".pt", ".pth"), PyTorchFile::read);

        private final String single;
        private final List<String> suffixes;
        private final Reader reader;

        Kind(String single, List<String> suffixes, Reader reader) {
            this.single = single;
            this.suffixes = suffixes;
            this.reader = reader;
        }

        String index() {
            return single + ".index.json";
        }

        boolean hasSuffix(String name) {
            return suffixes.stream().anyMatch(name::endsWith) && !NOT_WEIGHTS.contains(name);
        }
    }

    private final Path folder;
    private final Set<String> names;
    private final TensorTable table;

    private HfTensors(Path folder, Set<String> names, TensorTable table) {
        this.folder = folder;
        this.names = names;
        this.table = table;
    }

    /** Fills the table; false if the folder has no files of tensors. Safetensors come first where both kinds are there. */
    static boolean add(Path folder, Set<String> names, TensorTable table) throws IOException {
        HfTensors files = new HfTensors(folder, names, table);
        return files.add(Kind.SAFETENSORS) || files.add(Kind.PYTORCH);
    }

    /** Whether a file of this name holds tensors, of whatever program, or says where they are. */
    static boolean isOfTensors(String name) {
        return OTHER_TENSORS.stream().anyMatch(name::endsWith)
                || name.endsWith(".index.json")
                || Stream.of(Kind.values())
                        .anyMatch(kind -> kind.suffixes.stream().anyMatch(name::endsWith));
    }

    private boolean add(Kind kind) throws IOException {
        if (names.contains(kind.single)) {
            addFile(kind, folder.resolve(kind.single));
            return true;
        }
        if (names.contains(kind.index())) {
            addShards(kind);
            return true;
        }
        List<String> others = names.stream().filter(kind::hasSuffix).toList();
        if (others.size() > 1) {
            throw new ModelFormatException(folder + ": expected " + kind.index() + " to say which of " + others.size()
                    + " files (" + others.getFirst() + ", ...) hold the model, found none");
        }
        if (others.isEmpty()) {
            return false;
        }
        addFile(kind, folder.resolve(others.getFirst()));
        return true;
    }

    private void addFile(Kind kind, Path file) throws IOException {
        table.add(file, kind.reader.read(file, table.map(file), table));
    }

    /** The index says which tensor lies in which shard; what it does not name is not part of the model. */
    private void addShards(Kind kind) throws IOException {
        Path index = folder.resolve(kind.index());
        Metadata shardOfTensor = Json.read(index)
                .object("weight_map")
                .orElseThrow(() -> new ModelFormatException(index + ": expected a key 'weight_map', found none"));
        Map<String, Set<String>> tensorsOfShard = new LinkedHashMap<>();
        for (String tensor : shardOfTensor.keys()) {
            tensorsOfShard
                    .computeIfAbsent(shardOfTensor.string(tensor), shard -> new TreeSet<>())
                    .add(tensor);
        }
        for (Map.Entry<String, Set<String>> shard : tensorsOfShard.entrySet()) {
            addShard(kind, index, shard.getKey(), shard.getValue());
        }
    }

    private void addShard(Kind kind, Path index, String shard, Set<String> wanted) throws IOException {
        Path file = HfCheckpoint.resolve(folder, shard)
                .filter(inside -> Path.of(shard).getNameCount() == 1)
                .orElseThrow(() -> new ModelFormatException(
                        index + ": expected the name of a file in the same folder, found '" + shard + "'"));
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(
                    index + ": expected the shard '" + shard + "' in the same folder, it is missing");
        }
        int placed = wanted.size();
        List<Tensor> found = kind.reader.read(file, table.map(file), table).stream()
                .filter(tensor -> wanted.remove(tensor.name()))
                .toList();
        table.add(file, found);
        if (!wanted.isEmpty()) {
            throw new ModelFormatException(file + ": expected " + placed + " tensors that the index places here, "
                    + wanted.size() + " of them are missing, among them '"
                    + wanted.iterator().next() + "'");
        }
    }
}
