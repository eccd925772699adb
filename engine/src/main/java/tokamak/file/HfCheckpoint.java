package tokamak.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tokamak.tensor.Tensor;

/** A Hugging Face model folder: {@code config.json}, tensors in safetensors files, and companion files. */
public final class HfCheckpoint implements Checkpoint {
    private static final String CONFIG = "config.json";
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String SUFFIX = ".safetensors";

    private final Path path;
    private final Metadata config;
    private final TensorTable tensors;

    private HfCheckpoint(Path path, Metadata config, TensorTable tensors) {
        this.path = path;
        this.config = config;
        this.tensors = tensors;
    }

    static HfCheckpoint open(Path path) throws IOException {
        TensorTable tensors = new TensorTable(path);
        try {
            return new HfCheckpoint(path, load(path, tensors), tensors);
        } catch (Throwable failure) {
            tensors.close();
            throw failure;
        }
    }

    private static Metadata load(Path folder, TensorTable tensors) throws IOException {
        Set<String> names = fileNames(folder);
        boolean hasTensors = addTensors(folder, names, tensors);
        if (!hasTensors) {
            checkUsableWithoutTensors(folder, names);
        }
        if (names.contains(CONFIG)) {
            return Json.read(folder.resolve(CONFIG));
        }
        if (hasTensors) {
            throw new ModelFormatException(folder + ": expected " + CONFIG + " beside the tensors, found none;"
                    + " copy it from where the model came from");
        }
        return new Metadata(folder.toString(), Map.of());
    }

    /** Whether there are files of tensors: one, several by an index, or one of another name. */
    private static boolean addTensors(Path folder, Set<String> names, TensorTable tensors) throws IOException {
        if (names.contains(SINGLE)) {
            addFile(folder.resolve(SINGLE), tensors);
            return true;
        }
        if (names.contains(INDEX)) {
            addShards(folder, tensors);
            return true;
        }
        List<String> others =
                names.stream().filter(name -> name.endsWith(SUFFIX)).toList();
        if (others.size() > 1) {
            throw new ModelFormatException(folder + ": expected " + INDEX + " to say which of " + others.size()
                    + " safetensors files hold the model, found none");
        }
        if (others.isEmpty()) {
            return false;
        }
        addFile(folder.resolve(others.getFirst()), tensors);
        return true;
    }

    private static void addFile(Path file, TensorTable tensors) throws IOException {
        MemorySegment mapped = tensors.map(file);
        tensors.add(file, mapped, SafetensorsHeader.read(file, mapped));
    }

    /** The index says which tensor lies in which shard; what it does not name is not part of the model. */
    private static void addShards(Path folder, TensorTable tensors) throws IOException {
        Path index = folder.resolve(INDEX);
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
            addShard(index, folder, shard.getKey(), shard.getValue(), tensors);
        }
    }

    private static void addShard(Path index, Path folder, String shard, Set<String> wanted, TensorTable tensors)
            throws IOException {
        Path file = resolve(folder, shard)
                .filter(inside -> Path.of(shard).getNameCount() == 1)
                .orElseThrow(() -> new ModelFormatException(
                        index + ": expected the name of a file in the same folder, found '" + shard + "'"));
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(
                    index + ": expected the shard '" + shard + "' in the same folder, it is missing");
        }
        MemorySegment mapped = tensors.map(file);
        List<TensorEntry> entries = SafetensorsHeader.read(file, mapped).stream()
                .filter(entry -> wanted.contains(entry.name()))
                .toList();
        if (entries.size() < wanted.size()) {
            entries.forEach(entry -> wanted.remove(entry.name()));
            throw new ModelFormatException(file + ": expected " + wanted.size()
                    + " more tensors that the index places here, among them '"
                    + wanted.iterator().next() + "'");
        }
        tensors.add(file, mapped, entries);
    }

    private static void checkUsableWithoutTensors(Path folder, Set<String> names) throws ModelFormatException {
        if (names.stream().anyMatch(HfCheckpoint::isPyTorch)) {
            throw new ModelFormatException(
                    folder + ": holds tensors in PyTorch's own format only, which is not supported"
                            + " yet; give a model in safetensors or GGUF format");
        }
        if (names.stream().anyMatch(name -> name.endsWith(".gguf"))) {
            throw new ModelFormatException(folder
                    + ": expected a Hugging Face model folder, found GGUF files in it; give the path of one of them");
        }
        boolean hasTokenizer = names.stream()
                .anyMatch(
                        name -> name.startsWith("tokenizer.") || name.startsWith("vocab.") || name.endsWith(".model"));
        if (!hasTokenizer) {
            throw new ModelFormatException(folder
                    + ": expected a model folder with safetensors files or at least a tokenizer.json, found neither");
        }
    }

    private static boolean isPyTorch(String name) {
        return name.startsWith("pytorch_model") && name.endsWith(".bin")
                || name.endsWith(".pth")
                || name.endsWith(".pt");
    }

    private static Set<String> fileNames(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Empty for names that would lead out of the folder. */
    private static Optional<Path> resolve(Path folder, String name) {
        try {
            Path relative = Path.of(name);
            boolean inside = !name.isEmpty()
                    && !relative.isAbsolute()
                    && !relative.startsWith("..")
                    && relative.normalize().equals(relative);
            return inside ? Optional.of(folder.resolve(relative)) : Optional.empty();
        } catch (InvalidPathException notAName) {
            return Optional.empty();
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Metadata metadata() {
        return config;
    }

    @Override
    public Set<String> tensorNames() {
        return tensors.names();
    }

    @Override
    public Optional<Tensor> find(String name) {
        return tensors.find(name);
    }

    @Override
    public Tensor tensor(String name) throws ModelFormatException {
        return tensors.tensor(name);
    }

    @Override
    public long tensorBytes() {
        return tensors.bytes();
    }

    @Override
    public Optional<Path> file(String name) {
        return resolve(path, name).filter(Files::isRegularFile);
    }

    @Override
    public Optional<Metadata> json(String name) throws IOException {
        Optional<Path> file = file(name);
        return file.isPresent() ? Optional.of(Json.read(file.get())) : Optional.empty();
    }

    @Override
    public void close() {
        tensors.close();
    }
}
