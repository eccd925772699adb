package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import tokamak.server.access.Access;
import tokamak.server.access.ApiKey;
import tokamak.server.http.Request;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AccessLogTest {
    /** Keeps what is logged. */
    private static final class Lines extends Handler {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void publish(LogRecord line) {
            lines.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @Test
    void aLineSaysWhoAskedForWhatAndHowItEndedButNoSecrets() {
        Logger logger = Logger.getLogger("tokamak.access");
        Lines lines = new Lines();
        logger.addHandler(lines);
        try {
            Access access = Access.of(List.of(ApiKey.of("alice", "sesame")));
            byte[] body = "{\"prompt\": \"my diary\"}".getBytes(StandardCharsets.UTF_8);
            Map<String, String> headers = Map.of("authorization", "Bearer sesame");
            new AccessLog(access)
                    .answered(
                            new Request("id-1", "POST", "/v1/\n\"x\"", headers, body, "/127.0.0.1:1"),
                            429,
                            Duration.ofMillis(12));
            assertThat(lines.lines).singleElement().satisfies(line -> {
                assertThat(line).doesNotContain("sesame", "diary", "\n");
                JsonNode json = new JsonMapper().readTree(line);
                assertThat(json.get("id").asString()).isEqualTo("id-1");
                assertThat(json.get("remote").asString()).isEqualTo("127.0.0.1:1");
                assertThat(json.get("key").asString()).isEqualTo("alice");
                assertThat(json.get("path").asString()).isEqualTo("/v1/\n\"x\"");
                assertThat(json.get("status").asInt()).isEqualTo(429);
                assertThat(json.get("ms").asInt()).isEqualTo(12);
                assertThat(json.get("request_bytes").asInt()).isEqualTo(body.length);
                assertThat(Instant.parse(json.get("time").asString())).isBefore(Instant.now());
            });
        } finally {
            logger.removeHandler(lines);
        }
    }
}
