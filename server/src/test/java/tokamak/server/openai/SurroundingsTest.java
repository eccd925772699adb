package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

class SurroundingsTest {
    private static TestServer.Answer post(TestServer server, String key, String json) {
        HttpRequest.Builder request = server.request("/v1/completions").POST(HttpRequest.BodyPublishers.ofString(json));
        return server.send((key.isEmpty() ? request : request.header("authorization", "Bearer " + key)).build());
    }

    @Test
    void everythingButHealthNeedsAKeyWhereKeysAreSet() throws Exception {
        try (TestServer server = TestServer.withKey("s3", KeyLimits.none())) {
            for (String path : List.of("/v1/models", "/metrics", "/version", "/load", "/ping", "/nothing")) {
                TestServer.Answer answer = server.get(path);
                assertThat(answer.status()).as(path).isEqualTo(401);
                assertThat(answer.error("code")).isEqualTo("invalid_api_key");
            }
            assertThat(server.get("/health").status()).isEqualTo(200);
            assertThat(post(server, "wrong", "{\"prompt\": \"a\"}").status()).isEqualTo(401);
            assertThat(post(server, "s3", "{\"prompt\": \"a\"}").status()).isEqualTo(200);
        }
    }

    @Test
    void limitsOfAKeyAre429WithATimeToComeBack() throws Exception {
        try (TestServer server = TestServer.withKey("s3", new KeyLimits(2, 0, 0, 0, Set.of()))) {
            assertThat(post(server, "s3", "{\"prompt\": \"a\", \"priority\": -1}")
                            .status())
                    .isEqualTo(400);
            assertThat(post(server, "s3", "{\"prompt\": \"a\"}").status()).isEqualTo(200);
            TestServer.Answer limited = post(server, "s3", "{\"prompt\": \"a\"}");
            assertThat(limited.status()).isEqualTo(429);
            assertThat(limited.error("code")).isEqualTo("rate_limit_exceeded");
            assertThat(Integer.parseInt(
                            limited.raw().headers().firstValue("retry-after").orElseThrow()))
                    .isPositive();
        }
        try (TestServer server = TestServer.withKey("s3", new KeyLimits(0, 10, 0, 0, Set.of("other")))) {
            assertThat(post(server, "s3", "{\"prompt\": \"a\"}").status())
                    .as("not its model")
                    .isEqualTo(404);
        }
    }

    @Test
    void aFullQueueIs503WithATimeToComeBack() throws IOException {
        try (TestServer server = new TestServer(
                http -> http, config -> config.withBatchLimits(1, 64).withQueueLimits(1, 1000))) {
            server.gate();
            Socket first = server.sendRaw("/v1/completions", "{\"prompt\": \"0\"}");
            TestServer.await("the first is taken", () -> server.stats().numOpenAnswers() == 1);
            server.allowSteps(2);
            TestServer.await("the first runs", () -> server.stats().numRequestsRunning() == 1);
            Socket second = server.sendRaw("/v1/completions", "{\"prompt\": \"0\"}");
            TestServer.await("the second waits", () -> server.stats().numOpenAnswers() == 2);
            TestServer.Answer third = server.post("/v1/completions", "{\"prompt\": \"0\"}");
            assertThat(third.status()).isEqualTo(503);
            assertThat(third.error("code")).isEqualTo("overloaded");
            assertThat(third.raw().headers().firstValue("retry-after")).isPresent();
            assertThat(server.get("/metrics").raw().body())
                    .contains(
                            "vllm:admission_rejections_total{engine=\"0\",model_name=\"abc\",reason=\"max_num_queued_reqs\"} 1.0");
            server.openGate();
            first.close();
            second.close();
        }
    }

    @Test
    void metricsHaveTheNamesThatDashboardsAskFor() throws IOException {
        try (TestServer server = new TestServer()) {
            server.post("/v1/completions", "{\"prompt\": \"abc\", \"max_tokens\": 4, \"temperature\": 0}");
            server.post("/v1/completions", "{\"prompt\": \"w\", \"temperature\": 0}");
            server.get("/v1/models/abc");
            String labels = "{engine=\"0\",model_name=\"abc\"}";
            TestServer.await(
                    "the answers are counted",
                    () -> server.get("/metrics")
                            .raw()
                            .body()
                            .contains(
                                    "http_requests_total{handler=\"/v1/models/\",method=\"GET\",status=\"2xx\"} 1.0"));
            TestServer.Answer page = server.get("/metrics");
            assertThat(page.raw().headers().firstValue("content-type").orElse(""))
                    .startsWith("text/plain");
            assertThat(page.raw().body())
                    .contains(
                            "vllm:prompt_tokens_total" + labels + " 4.0",
                            "vllm:generation_tokens_total" + labels + " 8.0",
                            "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"abc\"} 1.0",
                            "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"abc\"} 1.0",
                            "vllm:time_to_first_token_seconds_count" + labels + " 2",
                            "vllm:inter_token_latency_seconds_count" + labels + " 6",
                            "vllm:e2e_request_latency_seconds_count" + labels + " 2",
                            "vllm:request_queue_time_seconds_count" + labels + " 2",
                            "vllm:num_requests_running" + labels + " 0.0",
                            "vllm:num_requests_waiting" + labels + " 0.0",
                            "vllm:kv_cache_usage_perc" + labels + " 0.0",
                            "vllm:prefix_cache_queries_total" + labels,
                            "vllm:prefix_cache_hits_total" + labels,
                            "vllm:num_preemptions_total" + labels + " 0.0",
                            "vllm:cache_config_info{",
                            "vllm:prompt_tokens_by_source_total{engine=\"0\",model_name=\"abc\",source=\"local_compute\"} 4.0",
                            "vllm:request_prefill_kv_computed_tokens_sum" + labels + " 4.0",
                            "vllm:time_per_output_token_seconds_count" + labels + " 6",
                            "vllm:gpu_cache_usage_perc" + labels + " 0.0",
                            "vllm:gpu_prefix_cache_queries_total" + labels,
                            "vllm:engine_sleep_state{engine=\"0\",model_name=\"abc\",sleep_state=\"awake\"} 1.0",
                            "http_requests_total{handler=\"/v1/completions\",method=\"POST\",status=\"2xx\"} 2.0",
                            "tokamak_build_info{",
                            "process_resident_memory_bytes ");
            HttpRequest open = server.request("/metrics")
                    .header("accept", "application/openmetrics-text;version=1.0.0")
                    .build();
            assertThat(server.send(open).raw().body()).endsWith("# EOF\n");
        }
    }

    @Test
    void smallQuestionsAreAnswered() throws IOException {
        try (TestServer server = new TestServer()) {
            assertThat(server.get("/version").body().get("version").stringValue())
                    .isEqualTo("1.2.3");
            assertThat(server.get("/load").body().get("server_load").intValue()).isZero();
            assertThat(server.get("/ping").status()).isEqualTo(200);
            String tokens = server.post("/tokenize", "{\"prompt\": \"h\u00e9<|end|>\", \"return_token_strs\": true}")
                    .body()
                    .get("tokens")
                    .toString();
            assertThat(tokens).isEqualTo("[104,195,169,256]");
            assertThat(server.post("/detokenize", "{\"tokens\": " + tokens + "}")
                            .body()
                            .get("prompt")
                            .stringValue())
                    .isEqualTo("h\u00e9<|end|>");
            TestServer.Answer unknown = server.post("/detokenize", "{\"tokens\": [4000]}");
            assertThat(unknown.status()).isEqualTo(400);
            assertThat(unknown.error("param")).isEqualTo("tokens");
            assertThat(unknown.error("message")).startsWith("tokens: there is no token 4000");
        }
    }

    @Test
    void shuttingDownLetsRunningAnswersEndAndTakesNoMore() throws Exception {
        try (TestServer server = new TestServer()) {
            server.gate();
            CompletableFuture<TestServer.Answer> running = CompletableFuture.supplyAsync(
                    () -> server.post("/v1/completions", "{\"prompt\": \"0\", \"max_tokens\": 5, \"temperature\": 0}"),
                    Thread::startVirtualThread);
            TestServer.await("it is taken", () -> server.stats().numOpenAnswers() == 1);
            CompletableFuture<Boolean> stopped = CompletableFuture.supplyAsync(
                    () -> server.server.shutdown(Duration.ofSeconds(60)), Thread::startVirtualThread);
            TestServer.await("it is not ready", () -> server.get("/health").status() == 503);
            TestServer.await(
                    "it takes no more",
                    () -> server.post("/v1/completions", "{\"prompt\": \"0\"}").status() == 503);
            assertThat(server.get("/health/live").status()).isEqualTo(200);
            server.openGate();
            assertThat(running.get().text()).isEqualTo("12345");
            assertThat(stopped.get()).isTrue();
        }
    }

    @Test
    void whatDoesNotEndInTimeIsToldSo() throws Exception {
        try (TestServer server = new TestServer()) {
            server.gate();
            try (Socket running = server.sendRaw(
                            "/v1/completions", "{\"prompt\": \"0\", \"max_tokens\": 1000, \"stream\": true}");
                    BufferedReader answer = new BufferedReader(
                            new InputStreamReader(running.getInputStream(), StandardCharsets.UTF_8))) {
                server.allowSteps(3);
                String line = answer.readLine();
                while (!line.startsWith("data: ")) {
                    line = answer.readLine();
                }
                CompletableFuture<Boolean> stopped = CompletableFuture.supplyAsync(
                        () -> server.server.shutdown(Duration.ofMillis(100)), Thread::startVirtualThread);
                // The step that is under way when the time is over still has to end.
                while (!stopped.isDone()) {
                    server.allowSteps(1);
                    Thread.sleep(50);
                }
                assertThat(stopped.get()).isFalse();
                assertThat(answer.lines().filter(each -> each.startsWith("data: ")))
                        .endsWith("data: [DONE]")
                        .anyMatch(each -> each.contains("\"code\":\"shutting_down\""));
            }
        }
    }
}
