package tokamak.server.openai;

import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import tokamak.api.TokamakException;
import tokamak.server.access.Access;
import tokamak.server.access.LimitReachedException;
import tokamak.server.http.Exchange;
import tokamak.server.http.Handler;
import tokamak.server.http.Request;
import tokamak.server.http.Response;
import tokamak.server.http.Router;
import tokamak.server.metrics.ServerMetrics;

/** Puts the dialect's paths on a router. */
public final class OpenAiApi {
    private OpenAiApi() {}

    /**
     * A router with all paths.
     *
     * @param isReady whether requests are taken; load balancers ask {@code /health}
     * @param version of the server
     */
    public static Router router(
            ServedModels models, ServerMetrics metrics, Access access, BooleanSupplier isReady, String version) {
        Router router = new Router(new OpenAiErrors());
        ModelHandlers model = new ModelHandlers(models);
        TokenizeHandlers tokenize = new TokenizeHandlers(models);
        router.add("GET", ModelHandlers.PATH, guarded(model::list))
                .addBelow("GET", ModelHandlers.PATH + "/", guarded(model::show))
                .add("POST", "/v1/completions", guarded(new Generating(access, new CompletionHandler(models, metrics))))
                .add("POST", "/v1/chat/completions", guarded(new Generating(access, new ChatHandler(models, metrics))))
                .add("POST", "/tokenize", guarded(tokenize::tokenize))
                .add("POST", "/detokenize", guarded(tokenize::detokenize));
        addSurroundings(router, models, metrics, isReady, version);
        return router;
    }

    private static void addSurroundings(
            Router router, ServedModels models, ServerMetrics metrics, BooleanSupplier isReady, String version) {
        Handler health = exchange -> exchange.respond(Response.empty(isReady.getAsBoolean() ? 200 : 503));
        router.add("GET", "/health", health)
                .add("GET", "/ping", health)
                .add("POST", "/ping", health)
                .add("GET", "/health/live", exchange -> exchange.respond(Response.empty(200)))
                .add(
                        "GET",
                        "/version",
                        exchange -> exchange.respond(
                                Response.json(200, Json.bytes(Json.object().put("version", version)))))
                .add(
                        "GET",
                        "/load",
                        exchange -> exchange.respond(
                                Response.json(200, Json.bytes(Json.object().put("server_load", load(models))))))
                .add("GET", "/metrics", exchange -> {
                    ServerMetrics.Page page =
                            metrics.page(exchange.request().header("accept").orElse(null));
                    exchange.respond(new Response(200, page.contentType(), page.body(), Map.of()));
                });
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
                    || request.path().equals("/health")
                    || request.path().equals("/health/live")
                    || access.identify(request.header("authorization")).isPresent()) {
                handler.handle(exchange);
            } else {
                boolean none = request.header("authorization").isEmpty();
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
        };
    }

    private static int load(ServedModels models) {
        return models.all().stream()
                .mapToInt(model -> model.engine().stats().numOpenAnswers())
                .sum();
    }

    /** Answers what goes wrong in the dialect's form. */
    private static Handler guarded(Handler handler) {
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
