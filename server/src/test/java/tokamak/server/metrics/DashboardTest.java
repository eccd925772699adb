package tokamak.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard that comes with the project asks for what a server shows, and OBSERVABILITY.md tells all of it. */
class DashboardTest {
    private static final Pattern METRIC = Pattern.compile("\\b(?:vllm:|tokamak_|http_|process_)[a-z0-9_]+");
    private static final Pattern SELECTOR =
            Pattern.compile("\\b((?:vllm:|tokamak_|http_|process_)[a-z0-9_]+)\\{([^}]*)}");
    private static final Pattern GROUPING = Pattern.compile("by \\(([^)]*)\\)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=");

    /** What a server shows that has answered a little of everything: labels by the names of series. */
    private static final Map<String, Set<String>> SERIES = new HashMap<>();

    /** The first lines of metrics: kinds by names. */
    private static final Map<String, String> KINDS = new HashMap<>();

    @BeforeAll
    static void scrape() throws IOException {
        try (TestServer server = new TestServer()) {
            server.post("/v1/completions", "{\"prompt\": \"abc\", \"max_tokens\": 4}");
            server.post("/v1/chat/completions", "{\"messages\": [], \"stream\": true}");
            server.get("/metrics");
            TestServer.await(
                    "the answers are counted",
                    () -> server.get("/metrics").raw().body().contains("handler=\"/v1/completions\""));
            server.get("/metrics").raw().body().lines().forEach(DashboardTest::read);
        }
    }

    private static void read(String line) {
        if (line.startsWith("# TYPE ")) {
            String[] parts = line.split(" ");
            KINDS.put(parts[2], parts[3]);
        } else if (!line.startsWith("#")) {
            Set<String> labels = SERIES.computeIfAbsent(line.split("[{ ]")[0], name -> new HashSet<>());
            if (line.contains("{")) {
                Matcher label = LABEL.matcher(line.substring(line.indexOf('{'), line.lastIndexOf('}')));
                while (label.find()) {
                    labels.add(label.group(1));
                }
            }
        }
    }

    /** Surefire runs in the module's folder, other runners in the project's. */
    private static Path file(String name) {
        Path inModule = Path.of(name);
        return Files.exists(inModule) ? inModule : Path.of("server").resolve(inModule);
    }

    private static List<String> expressions() throws IOException {
        JsonNode dashboard = new JsonMapper().readTree(Files.readString(file("dashboards/grafana.json")));
        List<String> expressions = new ArrayList<>(dashboard.findValuesAsString("expr"));
        expressions.addAll(dashboard.findValuesAsString("definition"));
        return expressions;
    }

    private static List<String> all(Pattern pattern, String text, int group) {
        return pattern.matcher(text)
                .results()
                .map(result -> result.group(group))
                .toList();
    }

    @Test
    void everyMetricOfTheDashboardIsThere() throws IOException {
        assertThat(expressions()).hasSizeGreaterThan(40);
        for (String expression : expressions()) {
            assertThat(all(METRIC, expression, 0)).as(expression).isNotEmpty().allMatch(SERIES::containsKey);
        }
    }

    @Test
    void everyLabelOfTheDashboardIsThere() throws IOException {
        for (String expression : expressions()) {
            SELECTOR.matcher(expression)
                    .results()
                    .forEach(selector -> assertThat(SERIES.get(selector.group(1)))
                            .as(expression)
                            .containsAll(all(LABEL, selector.group(2), 1)));
            Set<String> labels = new HashSet<>();
            all(METRIC, expression, 0).forEach(name -> labels.addAll(SERIES.get(name)));
            for (String grouping : all(GROUPING, expression, 1)) {
                assertThat(labels).as(expression).contains(grouping.split(", "));
            }
        }
    }

    @Test
    void everyMetricIsDescribed() throws IOException {
        Set<String> described = new TreeSet<>(all(METRIC, Files.readString(file("OBSERVABILITY.md")), 0));
        Set<String> shown = new TreeSet<>();
        KINDS.forEach((name, kind) -> shown.add(kind.equals("counter") ? name.replaceFirst("_total$", "") : name));
        assertThat(described).containsAll(shown);
    }

    @Test
    void bucketsOfStepsAreVllms() {
        assertThat(KINDS).containsEntry("vllm:iteration_tokens_total", "histogram");
        assertThat(SERIES)
                .containsKeys(
                        "vllm:iteration_tokens_total_bucket",
                        "vllm:iteration_tokens_total_sum",
                        "vllm:iteration_tokens_total_count");
    }
}
