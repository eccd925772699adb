package tokamak.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;

class BenchServeTest {
    @Test
    void everyTokenOfEveryRequestIsCounted() throws IOException {
        try (TestServer server = new TestServer()) {
            CliRun outcome = CliRun.of(
                    "bench",
                    "serve",
                    "--base-url",
                    server.server.url() + "/v1",
                    "--num-requests",
                    "12",
                    "--concurrency",
                    "3",
                    "--input-len",
                    "4",
                    "--output-len",
                    "5",
                    "--ignore-eos",
                    "--json");
            JsonNode report = outcome.json();
            assertThat(report.get("model").asString()).isEqualTo("abc");
            assertThat(report.at("/all/completed").asInt()).isEqualTo(12);
            assertThat(report.at("/all/incomplete").asInt()).isZero();
            assertThat(report.at("/all/time_to_first/count").asInt()).isEqualTo(12);
            assertThat(report.at("/all/between_tokens/p99").asDouble()).isPositive();
            assertThat(report.get("errors").size()).isZero();
        }
    }

    @Test
    void chatsAreMeasuredAndTokensWithoutTextCounted() throws IOException {
        try (TestServer server = new TestServer()) {
            JsonNode report = CliRun.of(
                            "bench",
                            "serve",
                            "--base-url",
                            server.server.url(),
                            "--endpoint",
                            "chat",
                            "--num-requests",
                            "3",
                            "--input-len",
                            "4",
                            "--output-len",
                            "30",
                            "--json")
                    .json();
            assertThat(report.at("/all/completed").asInt()).isEqualTo(3);
            // The alphabet from b on, and the end of the answer: a token without text.
            assertThat(report.at("/all/output_tokens").asInt()).isEqualTo(3 * 26);
        }
    }

    @Test
    void whatFailsIsSaid() throws IOException {
        try (TestServer server = new TestServer()) {
            CliRun outcome = CliRun.of(
                    "bench",
                    "serve",
                    "--base-url",
                    server.server.url(),
                    "--model",
                    "nobody",
                    "--num-requests",
                    "2",
                    "--input-len",
                    "4",
                    "--output-len",
                    "5");
            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.out()).contains("0 requests completed, 2 not", "failed: status 404", "nobody");
        }
        assertThat(CliRun.of("bench", "serve", "--base-url", "http://127.0.0.1:1")
                        .err())
                .contains("there is no server at http://127.0.0.1:1");
    }
}
