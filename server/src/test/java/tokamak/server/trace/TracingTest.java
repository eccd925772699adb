package tokamak.server.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;

class TracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final OpenTelemetrySdk sdk = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(spans))
                    .build())
            .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
            .build();
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.traced(sdk);
    }

    @AfterEach
    void stop() {
        server.close();
        sdk.close();
    }

    private SpanData span() {
        TestServer.await("there is a span", () -> !spans.getFinishedSpanItems().isEmpty());
        List<SpanData> all = spans.getFinishedSpanItems();
        assertThat(all).hasSize(1);
        spans.reset();
        return all.getFirst();
    }

    private static Map<String, Object> attributes(SpanData span) {
        return span.getAttributes().asMap().entrySet().stream()
                .collect(Collectors.toMap(entry -> entry.getKey().getKey(), Map.Entry::getValue));
    }

    @Test
    void aChatIsASpanBelowThatOfItsClient() {
        HttpRequest request = server.request("/v1/chat/completions")
                .header("traceparent", "00-" + TRACE + "-" + PARENT + "-01")
                .header("x-request-id", "mine")
                .POST(HttpRequest.BodyPublishers.ofString("""
                        {"model": "abc", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "top_p": 0.5,
                         "max_tokens": 3, "n": 2, "seed": 7, "stop": ["#"], "presence_penalty": 0.25}"""))
                .build();
        assertThat(server.send(request).status()).isEqualTo(200);
        SpanData span = span();
        assertThat(span.getName()).isEqualTo("chat abc");
        assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
        assertThat(span.getTraceId()).isEqualTo(TRACE);
        assertThat(span.getParentSpanId()).isEqualTo(PARENT);
        assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
        assertThat(span.getInstrumentationScopeInfo().getVersion()).isEqualTo("1.2.3");
        Map<String, Object> attributes = attributes(span);
        assertThat(attributes)
                .containsEntry("gen_ai.operation.name", "chat")
                .containsEntry("gen_ai.provider.name", "tokamak")
                .containsEntry("gen_ai.request.id", "mine")
                .containsEntry("gen_ai.request.model", "abc")
                .containsEntry("gen_ai.response.model", "abc")
                .containsEntry("gen_ai.request.temperature", 0.0)
                .containsEntry("gen_ai.request.top_p", 0.5)
                .containsEntry("gen_ai.request.presence_penalty", 0.25)
                .containsEntry("gen_ai.request.max_tokens", 3L)
                .containsEntry("gen_ai.request.choice.count", 2L)
                .containsEntry("gen_ai.request.seed", 7L)
                .containsEntry("gen_ai.request.stop_sequences", List.of("#"))
                .containsEntry("gen_ai.response.finish_reasons", List.of("length", "length"))
                .containsEntry("gen_ai.usage.input_tokens", 9L)
                .containsEntry("gen_ai.usage.output_tokens", 6L)
                .doesNotContainKey("error.type");
        assertThat((double) attributes.get("gen_ai.latency.time_to_first_token"))
                .isPositive()
                .isLessThanOrEqualTo((double) attributes.get("gen_ai.latency.e2e"));
        double parts = List.of("time_in_queue", "time_in_model_prefill", "time_in_model_decode").stream()
                .mapToDouble(part -> (double) attributes.get("gen_ai.latency." + part))
                .sum();
        assertThat(parts).isPositive().isLessThanOrEqualTo((double) attributes.get("gen_ai.latency.e2e") + 1e-9);
        assertThat(span.getAttributes().toString()).as("no texts").doesNotContain("hi");
    }

    @Test
    void completionsStreamsEmbeddingsAndResponsesAreSpansToo() {
        server.chunks("/v1/completions", "{\"prompt\": [\"w\", \"abc\"], \"temperature\": 0, \"stream\": true}");
        SpanData completion = span();
        assertThat(completion.getName()).isEqualTo("text_completion abc");
        assertThat(completion.getParentSpanContext().isValid()).isFalse();
        assertThat(attributes(completion))
                .containsEntry("gen_ai.usage.input_tokens", 4L)
                .containsEntry("gen_ai.response.finish_reasons", List.of("stop", "length"));
        server.post("/v1/embeddings", "{\"input\": [\"a\", \"bb\"], \"model\": \"org/alias\"}");
        SpanData embedding = span();
        assertThat(embedding.getName()).isEqualTo("embeddings org/alias");
        assertThat(attributes(embedding))
                .containsEntry("gen_ai.usage.input_tokens", 3L)
                .containsEntry("gen_ai.response.model", "abc");
        server.post("/v1/responses", "{\"input\": \"hi\", \"max_output_tokens\": 3}");
        assertThat(attributes(span())).containsEntry("gen_ai.operation.name", "chat");
    }

    @Test
    void whatGoesWrongIsSaid() {
        server.post("/v1/chat/completions", "{\"model\": \"nobody\", \"messages\": []}");
        SpanData unknown = span();
        assertThat(unknown.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(unknown.getAttributes().get(AttributeKey.stringKey("error.type")))
                .isEqualTo("model_not_found");
        server.post("/v1/completions", "{\"prompt\": \"!\"}");
        assertThat(attributes(span()))
                .containsEntry("error.type", "step_failed")
                .containsEntry("gen_ai.response.finish_reasons", List.of("error"));
        server.post("/v1/completions", "{\"prompt\": \"!\", \"stream\": true}");
        assertThat(attributes(span())).containsEntry("error.type", "step_failed");
    }

    @Test
    void whoGoesAwayIsAborted() throws IOException {
        server.gate();
        Socket client = server.sendRaw("/v1/completions", "{\"prompt\": \"0\", \"max_tokens\": 1000}");
        TestServer.await("it is taken", () -> server.stats().numOpenAnswers() == 1);
        client.close();
        TestServer.await("it is gone", () -> {
            server.allowSteps(1);
            return server.stats().numAborted() == 1;
        });
        assertThat(attributes(span())).containsEntry("gen_ai.response.finish_reasons", List.of("abort"));
    }

    @Test
    void whatIsNoWorkForAModelIsNoSpan() {
        server.get("/health");
        server.get("/metrics");
        server.post("/tokenize", "{\"prompt\": \"a\"}");
        server.post("/v1/completions", "{\"prompt\": \"w\"}");
        assertThat(span().getName()).isEqualTo("text_completion abc");
    }
}
