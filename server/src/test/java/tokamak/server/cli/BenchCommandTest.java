package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchCommandTest {
    private static CliRun serveLike(String... more) {
        String[] start = {"bench", "--shape", "tiny", "--serve-like", "--max-model-len", "128", "--threads", "1"};
        String[] all = Arrays.copyOf(start, start.length + more.length);
        System.arraycopy(more, 0, all, start.length, more.length);
        return CliRun.of(all);
    }

    @Test
    void requestsAreSentAndTheirTimesShown(@TempDir Path temp) throws IOException {
        CliRun page = serveLike("--num-requests", "5", "--input-len", "uniform:5-60", "--output-len", "3");
        assertThat(page.code()).as(page.err()).isZero();
        assertThat(page.out()).contains("5 requests completed, 0 not").contains("to first token", "preemptions");

        Path trace = Files.writeString(temp.resolve("t"), """
                {"arrival": 0, "input_tokens": 30, "output_tokens": 4, "tenant": "a"}
                {"arrival": 0.01, "input_tokens": 8, "output_tokens": 2, "tenant": "b"}
                """);
        CliRun json = serveLike("--trace", trace.toString(), "--json");
        JsonNode report = new JsonMapper().readTree(json.out());
        assertThat(report.path("all").path("output_tokens").asInt()).isEqualTo(6);
        assertThat(report.path("tenants")
                        .path("b")
                        .path("between_tokens")
                        .path("count")
                        .asInt())
                .isOne();
        assertThat(report.path("all").path("time_to_first").path("p99").asDouble())
                .isPositive();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            --input-len 5..9,           expected a length such as 512
            --request-rate fast,        --request-rate must be a number or inf
            --request-rate 0,           request rate must be more than 0
            --num-requests 0,           expected 1 to 1000000 requests
            --max-concurrency 0,        --max-concurrency must be at least 1
            --trace no/such/file,       cannot read the trace no/such/file
            --input-len 500,            128
            """)
    void wrongValuesAreOneSentence(String options, String message) {
        CliRun run = serveLike(options.split(" "));
        assertThat(run.code()).isNotZero();
        assertThat(run.err()).contains(message).doesNotContain("Exception");
    }
}
