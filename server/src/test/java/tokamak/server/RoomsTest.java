package tokamak.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Imports between rooms go the one way that the table in HOUSE.md allows. */
class RoomsTest {
    private static final Pattern ROW = Pattern.compile("\\| ([a-z0-9.]+) \\| [^|]+ \\| ([a-z0-9., -]+) \\|");
    private static final Pattern EDGE = Pattern.compile("\\s+(tokamak[\\w.]*)\\s+-> (tokamak[\\w.]*)\\s.*");

    @Test
    void importsGoTheWayTheHouseAllows() throws IOException {
        Map<String, Set<String>> allowed = roomTable();
        Set<String> violations = new TreeSet<>();
        for (String[] edge : edges()) {
            String from = room(edge[0]);
            String to = room(edge[1]);
            if (!allowed.containsKey(from)) {
                violations.add("HOUSE.md has no row for room " + from);
            } else if (!from.equals(to) && !allowed.get(from).contains(to)) {
                violations.add(from + " must not know " + to);
            }
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void allowedImportsHaveNoCircle() throws IOException {
        Map<String, Set<String>> allowed = new TreeMap<>(roomTable());
        assertThat(allowed).isNotEmpty();
        boolean removed = true;
        while (removed) {
            removed =
                    allowed.keySet().removeIf(room -> allowed.get(room).stream().noneMatch(allowed::containsKey));
        }
        assertThat(allowed.keySet())
                .as("rooms that know each other in a circle")
                .isEmpty();
    }

    private static Map<String, Set<String>> roomTable() throws IOException {
        Map<String, Set<String>> table = new TreeMap<>();
        for (String line : Files.readAllLines(projectRoot().resolve("HOUSE.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches() && !row.group(1).equals("room")) {
                Set<String> known = new TreeSet<>(Set.of(row.group(2).trim().split(", *")));
                known.remove("-");
                table.put(row.group(1), known);
            }
        }
        return table;
    }

    private static Iterable<String[]> edges() throws IOException {
        StringWriter output = new StringWriter();
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        int status = jdeps.run(
                new PrintWriter(output),
                new PrintWriter(output),
                "-verbose:package",
                "--multi-release",
                "base",
                "--ignore-missing-deps",
                classes("engine"),
                classes("server"));
        assertThat(status).as(output.toString()).isZero();
        try (Stream<String> lines = output.toString().lines()) {
            return edges(lines);
        }
    }

    private static Iterable<String[]> edges(Stream<String> lines) {
        return lines.map(EDGE::matcher)
                .filter(Matcher::matches)
                .map(edge -> new String[] {edge.group(1), edge.group(2)})
                .toList();
    }

    private static String room(String packageName) {
        return packageName.equals("tokamak") ? "lobby" : packageName.substring("tokamak.".length());
    }

    private static String classes(String module) {
        // Below the module descriptor: jdeps would look for every module that it names.
        return projectRoot().resolve(module).resolve("target/classes/tokamak").toString();
    }

    /** Surefire runs a module's tests in the module's folder. */
    private static Path projectRoot() {
        return Path.of("").toAbsolutePath().getParent();
    }
}
