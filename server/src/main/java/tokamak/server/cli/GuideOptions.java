package tokamak.server.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.api.Guide;

/** What an answer must be. */
final class GuideOptions {
    @Option(
            names = "--json-schema",
            paramLabel = "FILE|TEXT",
            description = "The answer is JSON that this schema finds valid; {} is any JSON.")
    private @Nullable String schema;

    @Option(
            names = "--grammar",
            paramLabel = "FILE",
            description = "The answer is a text of this grammar, in the notation of llama.cpp (GBNF) or Lark.")
    private @Nullable Path grammar;

    @Option(names = "--regex", paramLabel = "PATTERN", description = "The whole answer matches this pattern.")
    private @Nullable String regex;

    /** @throws CliFailure if there are several, or a file can't be read */
    Optional<Guide> guide() {
        List<Guide> guides = new ArrayList<>();
        if (schema != null) {
            guides.add(new Guide.JsonSchema(isText(schema) ? schema : read(path(schema)), true));
        }
        if (grammar != null) {
            guides.add(new Guide.Grammar(read(grammar)));
        }
        if (regex != null) {
            guides.add(new Guide.Regex(regex));
        }
        if (guides.size() > 1) {
            throw new CliFailure("--json-schema, --grammar and --regex exclude each other; give one");
        }
        return guides.stream().findFirst();
    }

    private static boolean isText(String given) {
        return given.stripLeading().startsWith("{") || given.equals("true") || given.equals("false");
    }

    private static Path path(String given) {
        try {
            return Path.of(given);
        } catch (InvalidPathException e) {
            throw new CliFailure("--json-schema must be a file or a JSON object, found '" + given + "'");
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CliFailure("cannot read " + file + " as text in UTF-8: " + e.getMessage());
        }
    }
}
