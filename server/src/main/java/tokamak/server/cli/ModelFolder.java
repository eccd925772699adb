package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The models of a folder: GGUF files and Hugging Face folders, also one level down as {@code owner/model}. */
final class ModelFolder {
    private static final String GGUF = ".gguf";
    /** A model of several files is opened by its first one. */
    private static final Pattern PART = Pattern.compile("(.+)-(\\d{5})-of-\\d{5}");

    private ModelFolder() {}

    /**
     * Names to paths, in the order of the names.
     *
     * @throws CliFailure if the folder can't be read
     */
    static Map<String, Path> of(Path folder) {
        Map<String, Path> models = new TreeMap<>();
        for (Path entry : entries(folder)) {
            if (!add(models, "", entry) && Files.isDirectory(entry)) {
                entries(entry).forEach(below -> add(models, entry.getFileName() + "/", below));
            }
        }
        return models;
    }

    private static boolean add(Map<String, Path> models, String prefix, Path entry) {
        String file = entry.getFileName().toString();
        if (Files.isDirectory(entry)) {
            boolean isModel = Files.isRegularFile(entry.resolve("config.json"));
            if (isModel) {
                models.put(prefix + file, entry);
            }
            return isModel;
        }
        if (file.endsWith(GGUF)) {
            String name = file.substring(0, file.length() - GGUF.length());
            Matcher part = PART.matcher(name);
            if (!part.matches()) {
                models.put(prefix + name, entry);
            } else if (part.group(2).equals("00001")) {
                models.put(prefix + part.group(1), entry);
            }
        }
        return true;
    }

    private static List<Path> entries(Path folder) {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(path -> !path.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new CliFailure("cannot read the folder of models " + folder);
        }
    }
}
