package tokamak.server.openai;

import java.util.Optional;
import tokamak.api.TokamakException;
import tokamak.server.access.Access;
import tokamak.server.access.Caller;
import tokamak.server.access.LimitReachedException;
import tokamak.server.http.Exchange;
import tokamak.server.http.Request;
import tokamak.server.trace.RequestSpan;
import tokamak.server.trace.Tracing;

/** Lets requests that make models work in by the limits of their caller's key, each with a span of its own. */
final class Generating {
    /** Handles a request that has been let in. */
    @FunctionalInterface
    interface Handler {
        void handle(Exchange exchange, Guest guest);
    }

    private final Access access;
    private final ServedModels models;
    private final Tracing tracing;

    Generating(Access access, ServedModels models, Tracing tracing) {
        this.access = access;
        this.models = models;
        this.tracing = tracing;
    }

    /** @param operation what it is, by OpenTelemetry's names */
    tokamak.server.http.Handler letIn(String operation, Handler handler) {
        return OpenAiApi.guarded(exchange ->
                tracing.within(operation, exchange.request(), span -> handleTelling(exchange, span, handler)));
    }

    private void handleTelling(Exchange exchange, RequestSpan span, Handler handler) {
        try {
            handle(exchange, span, handler);
        } catch (ApiException e) {
            throw told(span, e);
        } catch (TokamakException e) {
            throw told(span, OpenAiErrors.of(e));
        } catch (LimitReachedException e) {
            throw told(span, OpenAiErrors.of(e));
        }
    }

    private void handle(Exchange exchange, RequestSpan span, Handler handler) {
        Caller caller = caller(access, exchange.request());
        try (Caller.Visit visit = caller.enter()) {
            handler.handle(exchange, new Guest(caller, models.of(caller), visit, span));
        }
    }

    /** Keys may have changed since the request was let through; then it is refused like any other. */
    static Caller caller(Access access, Request request) {
        return access.identify(request.header("authorization"))
                .orElseThrow(() -> ApiException.invalid(null, "the API key is not known here any more"));
    }

    /** The same error, noted. */
    static ApiException told(RequestSpan span, ApiException error) {
        span.failed(
                Optional.ofNullable(error.code()).orElse(error.type()), Json.clean(String.valueOf(error.getMessage())));
        return error;
    }
}
