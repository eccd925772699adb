package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * vLLM's {@code --config FILE.yaml}: flags written as YAML, {@code max-model-len: 32768} for {@code --max-model-len 32768}.
 * Understands what such files hold: a value or a list per key, comments, quotes. Flags on the command line win.
 */
final class ConfigFile {
    private static final String OPTION = "--config";
    private static final int MAX_BYTES = 1 << 20;
    private static final Pattern ENTRY = Pattern.compile("([A-Za-z][A-Za-z0-9_-]*)\\s*:(?:\\s+(.*))?");
    private static final Pattern ITEM = Pattern.compile("\\s*-\\s+(.*)");

    private ConfigFile() {}

    /**
     * Puts the flags of the configuration file, if one is named, before the others.
     *
     * @throws CliFailure if the file can't be read or understood
     */
    static String[] expand(String... args) {
        List<String> given = new ArrayList<>(List.of(args));
        Optional<String> file = Optional.empty();
        for (int i = 1; i < given.size(); i++) {
            if (given.get(i).startsWith(OPTION + "=")) {
                file = Optional.of(given.remove(i).substring(OPTION.length() + 1));
            } else if (given.get(i).equals(OPTION) && i + 1 < given.size()) {
                given.remove(i);
                file = Optional.of(given.remove(i));
            }
        }
        if (file.isEmpty()) {
            return args;
        }
        List<String> rest = given.subList(1, given.size());
        List<List<String>> flags = new ArrayList<>();
        for (List<String> flag : read(Path.of(file.get()))) {
            if (rest.stream().noneMatch(arg -> isSame(arg, flag.getFirst()))) {
                flags.add(flag);
            }
        }
        // The command's name, what was given, then the file: a list at its end can't swallow the model's name.
        return Stream.concat(given.stream(), flags.stream().flatMap(List::stream))
                .toArray(String[]::new);
    }

    private static boolean isSame(String arg, String flag) {
        return arg.equals(flag) || arg.startsWith(flag + "=");
    }

    private static List<List<String>> read(Path file) {
        List<List<String>> flags = new ArrayList<>();
        int number = 0;
        for (String line : lines(file)) {
            number++;
            String content = withoutComment(line);
            Matcher item = ITEM.matcher(content);
            Matcher entry = ENTRY.matcher(content.stripTrailing());
            if (content.isBlank() || content.equals("---")) {
                continue;
            } else if (item.matches() && !flags.isEmpty()) {
                flags.getLast().add(unquoted(item.group(1).strip()));
            } else if (entry.matches()) {
                flags.add(flag(
                        entry.group(1),
                        Optional.ofNullable(entry.group(2)).orElse("").strip()));
            } else {
                throw new CliFailure(file + ", line " + number + ": expected 'flag: value' or '- item', found '"
                        + content.strip() + "'");
            }
        }
        flags.removeIf(flag -> flag.getFirst().isEmpty());
        return flags;
    }

    private static List<String> flag(String name, String value) {
        List<String> flag = new ArrayList<>();
        String option = "--" + name.replace('_', '-');
        switch (value) {
            case "true", "True" -> flag.add(option);
            // A switch that is off is a switch that is not given.
            case "false", "False" ->
                flag.add(option.equals("--enable-prefix-caching") ? "--no-enable-prefix-caching" : "");
            case "" -> flag.add(option);
            default -> {
                flag.add(option);
                if (value.startsWith("[") && value.endsWith("]")) {
                    Stream.of(value.substring(1, value.length() - 1).split(","))
                            .map(part -> unquoted(part.strip()))
                            .filter(part -> !part.isEmpty())
                            .forEach(flag::add);
                } else {
                    flag.add(unquoted(value));
                }
            }
        }
        return flag;
    }

    private static List<String> lines(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new CliFailure(file + " is larger than " + MAX_BYTES + " bytes");
            }
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new CliFailure("cannot read the configuration file " + file);
        }
    }

    private static String withoutComment(String line) {
        if (line.stripLeading().startsWith("#")) {
            return "";
        }
        int comment = line.indexOf(" #");
        return comment < 0 ? line : line.substring(0, comment);
    }

    private static String unquoted(String value) {
        boolean quoted = value.length() >= 2
                && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(value.length() - 1) == value.charAt(0);
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
