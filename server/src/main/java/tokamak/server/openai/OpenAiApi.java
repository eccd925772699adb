package tokamak.server.openai;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import tokamak.api.TokamakException;
import tokamak.server.access.Access;
import tokamak.server.access.Caller;
import tokamak.server.access.LimitReachedException;
import tokamak.server.http.Exchange;
import tokamak.server.http.Handler;
import tokamak.server.http.Request;
import tokamak.server.http.Response;
import tokamak.server.http.Router;
import tokamak.server.metrics.ServerMetrics;
import tokamak.server.trace.Tracing;

/** Puts the dialect's paths on a router. */
public final class OpenAiApi {
    private static final List<String> READY_PATHS = List.of("/health", "/health/ready", "/ready", "/ping");
    /** What load balancers ask, without a key. */
    private static final Set<String> OPEN_PATHS = Set.of("/health", "/health/live", "/health/ready", "/ready");

    private static final int MAX_STORED_RESPONSES = 1000;
    private static final long MAX_STORED_BYTES = 64 << 20;

    private OpenAiApi() {}

    /**
     * A router with all paths.
     *
     * @param isReady whether requests are taken; load balancers ask {@code /health}
     * @param version of the server
     */
    public static Router router(
            ServedModels models,
            ServerMetrics metrics,
            Access access,
            Tracing tracing,
            BooleanSupplier isReady,
            String version) {
        Router router = new Router(new OpenAiErrors());
        Generating generating = new Generating(access, models, tracing);
        ResponseStore store = new ResponseStore(MAX_STORED_RESPONSES, MAX_STORED_BYTES);
        StoredResponses stored = new StoredResponses(access, store);
        router.add("GET", ModelHandlers.PATH, permitted(access, models, ModelHandlers::list))
                .addBelow("GET", ModelHandlers.PATH + "/", permitted(access, models, ModelHandlers::show))
                .add("POST", "/v1/completions", generating.letIn("text_completion", new CompletionHandler(metrics)))
                .add("POST", "/v1/chat/completions", generating.letIn("chat", new ChatHandler(metrics)))
                .add("POST", "/v1/embeddings", generating.letIn("embeddings", new EmbeddingHandler(metrics)))
                .add("POST", StoredResponses.PATH, generating.letIn("chat", new ResponseHandler(metrics, store)))
                .addBelow("GET", StoredResponses.PATH + "/", guarded(stored::get))
                .addBelow("DELETE", StoredResponses.PATH + "/", guarded(stored::delete))
                .addBelow("POST", StoredResponses.PATH + "/", guarded(stored::post))
                .add("POST", "/tokenize", permitted(access, models, TokenizeHandlers::tokenize))
                .add("POST", "/detokenize", permitted(access, models, TokenizeHandlers::detokenize))
                .add("POST", "/apply-template", permitted(access, models, TokenizeHandlers::applyTemplate));
        addSurroundings(router, models, metrics, isReady, version);
        return router;
    }

    private static void addSurroundings(
            Router router, ServedModels models, ServerMetrics metrics, BooleanSupplier isReady, String version) {
        addHealth(router, isReady);
        router.add(
                        "GET",
                        "/version",
                        exchange -> exchange.respond(
                                Response.json(200, Json.bytes(Json.object().put("version", version)))))
                .add(
                        "GET",
                        "/load",
                        exchange -> exchange.respond(Response.json(
                                200, Json.bytes(Json.object().put("server_load", models.numOpenAnswers())))))
                .add("GET", "/metrics", metricsHandler(metrics));
    }

    /** Alive is whoever answers; ready is who takes requests. vLLM's {@code /health} stands for both. */
    static void addHealth(Router router, BooleanSupplier isReady) {
        Handler ready = exchange -> exchange.respond(Response.empty(isReady.getAsBoolean() ? 200 : 503));
        READY_PATHS.forEach(path -> router.add("GET", path, ready));
        router.add("POST", "/ping", ready);
        router.add("GET", "/health/live", exchange -> exchange.respond(Response.empty(200)));
    }

    static Handler metricsHandler(ServerMetrics metrics) {
        return exchange -> {
            ServerMetrics.Page page =
                    metrics.page(exchange.request().header("accept").orElse(null));
            exchange.respond(new Response(200, page.contentType(), page.body(), Map.of()));
        };
    }

    /**
     * Lets through who has a key, and whoever asks for the server's health.
     *
     * @param isOpen paths that need no key either
     */
    static Handler keyed(Access access, Predicate<String> isOpen, Handler handler) {
        return exchange -> {
            Request request = exchange.request();
            if (isOpen.test(request.path())
                    || OPEN_PATHS.contains(request.path())
                    || access.identify(request.header("authorization")).isPresent()) {
                handler.handle(exchange);
            } else {
                refuse(exchange);
            }
        };
    }

    /** Lets through who has a key that may give orders, and whoever asks for the server's health. */
    static Handler adminKeyed(Access access, Handler handler) {
        return exchange -> {
            Request request = exchange.request();
            Optional<Caller> caller = access.identify(request.header("authorization"));
            if (OPEN_PATHS.contains(request.path())
                    || caller.filter(Caller::isAdmin).isPresent()) {
                handler.handle(exchange);
            } else if (caller.isPresent()) {
                exchange.respond(OpenAiErrors.response(new ApiException(
                        403,
                        "invalid_request_error",
                        null,
                        "permission_denied",
                        Optional.empty(),
                        "this key may not give orders to the server; one of --api-key or with \"admin\": true may")));
            } else {
                refuse(exchange);
            }
        };
    }

    private static void refuse(Exchange exchange) {
        boolean none = exchange.request().header("authorization").isEmpty();
        exchange.respond(OpenAiErrors.response(new ApiException(
                        401,
                        "invalid_request_error",
                        null,
                        "invalid_api_key",
                        Optional.empty(),
                        none
                                ? "an API key is needed: send it as 'Authorization: Bearer KEY'"
                                : "the API key is not known here"))
                .withHeader("www-authenticate", "Bearer"));
    }

    /** For handlers of models that make none of them work. @param handler gets the models that the caller may use */
    private static Handler permitted(Access access, ServedModels models, BiConsumer<Exchange, ServedModels> handler) {
        return guarded(exchange -> handler.accept(exchange, models.of(Generating.caller(access, exchange.request()))));
    }

    /** Answers what goes wrong in the dialect's form. */
    static Handler guarded(Handler handler) {
        return exchange -> {
            try {
                handler.handle(exchange);
            } catch (ApiException e) {
                fail(exchange, e);
            } catch (TokamakException e) {
                fail(exchange, OpenAiErrors.of(e));
            } catch (LimitReachedException e) {
                fail(exchange, OpenAiErrors.of(e));
            }
        };
    }

    private static void fail(Exchange exchange, ApiException error) {
        if (!exchange.isStarted()) {
            exchange.respond(OpenAiErrors.response(error));
        }
    }
}
