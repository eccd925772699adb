package tokamak.server.trace;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tokamak.server.http.Request;

/** Begins spans. Threads may share it. */
public final class Tracing {
    private static final TextMapGetter<Request> HEADERS = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Request request) {
            return request.headers().keySet();
        }

        @Override
        public @Nullable String get(@Nullable Request request, String key) {
            return request == null ? null : request.header(key).orElse(null);
        }
    };

    private final Tracer tracer;
    private final TextMapPropagator propagator;

    private Tracing(OpenTelemetry telemetry, String version) {
        this.tracer = telemetry.getTracer("tokamak", version);
        this.propagator = telemetry.getPropagators().getTextMapPropagator();
    }

    /** What OpenTelemetry's Java agent has set up, or nothing. */
    public static Tracing global(String version) {
        return new Tracing(GlobalOpenTelemetry.get(), version);
    }

    public static Tracing of(OpenTelemetry telemetry, String version) {
        return new Tracing(telemetry, version);
    }

    /**
     * Handles a request within a span, below the one that its headers name.
     *
     * @param operation by OpenTelemetry's names: {@code chat}, {@code text_completion}, {@code embeddings}
     */
    public void within(String operation, Request request, Consumer<RequestSpan> handler) {
        Context here = Context.current();
        // Where the agent has begun a span for HTTP already, that one has read the headers.
        Context parent =
                Span.fromContext(here).getSpanContext().isValid() ? here : propagator.extract(here, request, HEADERS);
        Span span = tracer.spanBuilder(operation)
                .setParent(parent)
                .setSpanKind(SpanKind.SERVER)
                .startSpan();
        try (Scope _ = span.makeCurrent()) {
            handler.accept(new RequestSpan(operation, span, request.id()));
        } finally {
            span.end();
        }
    }
}
