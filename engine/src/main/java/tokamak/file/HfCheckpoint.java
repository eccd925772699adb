package tokamak.file;

import java.io.IOException;
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

/**
 * A Hugging Face model folder: {@code config.json}, tensors in safetensors or PyTorch files, and companion files. A TensorRT-LLM
 * checkpoint looks like one too.
 */
public final class HfCheckpoint implements Checkpoint {
    private static final String CONFIG = "config.json";

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
        if (TrtLlmFolder.is(names)) {
            return TrtLlmFolder.load(folder, tensors);
        }
        boolean hasTensors = HfTensors.add(folder, names, tensors);
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

    private static void checkUsableWithoutTensors(Path folder, Set<String> names) throws ModelFormatException {
        if (names.stream().anyMatch(name -> name.endsWith(".gguf"))) {
            throw new ModelFormatException(folder
                    + ": expected a Hugging Face model folder, found GGUF files in it; give the path of one of them");
        }
        Optional<String> compiled =
                names.stream().filter(Checkpoints::isTensorRtEngine).findFirst();
        if (compiled.isPresent()) {
            throw new ModelFormatException(folder.resolve(compiled.get()) + Checkpoints.tensorRtEngine());
        }
        boolean hasTokenizer = names.stream()
                .anyMatch(
                        name -> name.startsWith("tokenizer.") || name.startsWith("vocab.") || name.endsWith(".model"));
        if (!hasTokenizer) {
            throw new ModelFormatException(
                    folder
                            + ": expected a model folder with safetensors or PyTorch files or at least a tokenizer.json, found neither");
        }
    }

    private static Set<String> fileNames(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Empty for names that would lead out of the folder. */
    static Optional<Path> resolve(Path folder, String name) {
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

    /** {@code config.json} with some members changed; those whose new value is null are left out. */
    public String configWith(Map<String, ?> changes) {
        Map<String, Object> changed = new LinkedHashMap<>();
        config.values().forEach(changed::put);
        changes.forEach((name, value) -> {
            changed.remove(name);
            if (value != null) {
                changed.put(name, value);
            }
        });
        return JsonOutput.indented(changed);
    }

    /** Files beside the tensors and the configuration: of the tokenizer, templates, licences. */
    public List<Path> companions() throws IOException {
        return fileNames(path).stream()
                .filter(name -> !name.startsWith(".") && !name.equals(CONFIG) && !HfTensors.isOfTensors(name))
                .map(path::resolve)
                .toList();
    }

    @Override
    public void close() {
        tensors.close();
    }
}
