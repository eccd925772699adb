package tokamak.server.openai;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import tokamak.EngineStats;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.http.Router;
import tokamak.server.metrics.ServerMetrics;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What whoever runs the server may do: look at its models, load and unload them, put them to sleep, stop, and change the log. */
final class AdminApi {
    private static final int DEFAULT_GRACE_SECONDS = 30;
    private static final int MAX_GRACE_SECONDS = 24 * 3600;
    private static final List<Level> LEVELS = List.of(Level.OFF, Level.SEVERE, Level.WARNING, Level.INFO, Level.FINE);
    private static final Map<String, Level> LEVEL_NAMES = Map.of(
            "off", Level.OFF, "error", Level.SEVERE, "warning", Level.WARNING, "info", Level.INFO, "debug", Level.FINE);

    private final ServedModels models;
    private final ServerMetrics metrics;
    private final BooleanSupplier isReady;
    private final Consumer<Duration> stop;

    /** @param stop is told how long running requests may take */
    AdminApi(ServedModels models, ServerMetrics metrics, BooleanSupplier isReady, Consumer<Duration> stop) {
        this.models = models;
        this.metrics = metrics;
        this.isReady = isReady;
        this.stop = stop;
    }

    Router router() {
        Router router = new Router(new OpenAiErrors());
        OpenAiApi.addHealth(router, isReady);
        return router.add("GET", "/metrics", OpenAiApi.metricsHandler(metrics))
                .add("GET", "/models", OpenAiApi.guarded(this::list))
                .add("POST", "/models/load", OpenAiApi.guarded(this::load))
                .add("POST", "/models/unload", OpenAiApi.guarded(this::unload))
                .add("POST", "/sleep", OpenAiApi.guarded(this::sleep))
                .add("POST", "/wake_up", OpenAiApi.guarded(this::wake))
                .add("GET", "/is_sleeping", OpenAiApi.guarded(this::isSleeping))
                .add("POST", "/drain", OpenAiApi.guarded(this::drain))
                .add("GET", "/log-level", OpenAiApi.guarded(this::showLogLevel))
                .add("POST", "/log-level", OpenAiApi.guarded(this::setLogLevel));
    }

    private static void answer(Exchange exchange, ObjectNode body) {
        exchange.respond(Response.json(200, Json.bytes(body)));
    }

    /** The fields of the body, which may be left out where none is required. */
    private static Fields fields(Exchange exchange) {
        byte[] body = exchange.request().body();
        return body.length == 0 ? new Fields(Json.object(), "") : Json.object(body);
    }

    private static Duration grace(Fields fields) {
        int seconds = fields.int32("timeout").orElse(DEFAULT_GRACE_SECONDS);
        if (seconds < 0 || seconds > MAX_GRACE_SECONDS) {
            throw ApiException.invalid(
                    "timeout", "timeout must be 0 to " + MAX_GRACE_SECONDS + " seconds, found " + seconds);
        }
        return Duration.ofSeconds(seconds);
    }

    // ---- models

    private void list(Exchange exchange) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("models");
        models.all().forEach(model -> list.add(describe(model)));
        answer(exchange, body);
    }

    private static ObjectNode describe(ServedModel model) {
        ObjectNode node = Json.object().put("name", model.name());
        ArrayNode names = node.putArray("names");
        model.allNames().forEach(names::add);
        node.put("root", model.spec().root())
                .put("state", model.state().word())
                .put("bytes", model.spec().bytes())
                .put("max_model_len", model.contextLength());
        if (model.state() instanceof ModelState.Failed(RuntimeException why, long _)) {
            node.put("error", Json.clean(String.valueOf(why.getMessage())));
        }
        model.loaded().ifPresent(engine -> {
            EngineStats stats = engine.stats();
            node.put("running", stats.numRequestsRunning())
                    .put("waiting", stats.numRequestsWaiting())
                    .put("kv_blocks", stats.numKvBlocks())
                    .put("kv_blocks_used", stats.numKvBlocksUsed());
        });
        return node;
    }

    private ServedModel named(Fields fields) {
        return models.named(fields.string("model")
                .orElseThrow(() -> ApiException.invalid("model", "model is required: the name of one that is served")));
    }

    private void load(Exchange exchange) {
        ServedModel model = named(fields(exchange));
        model.lease().close();
        answer(exchange, describe(model));
    }

    private void unload(Exchange exchange) {
        Fields fields = fields(exchange);
        ServedModel model = named(fields);
        model.pool().unload(model, grace(fields));
        answer(exchange, describe(model));
    }

    // ---- sleep

    private void sleep(Exchange exchange) {
        Duration grace = grace(fields(exchange));
        models.sleep(grace);
        answer(exchange, Json.object().put("is_sleeping", true));
    }

    private void wake(Exchange exchange) {
        models.wake();
        answer(exchange, Json.object().put("is_sleeping", models.isAsleep()));
    }

    private void isSleeping(Exchange exchange) {
        answer(exchange, Json.object().put("is_sleeping", models.isAsleep()));
    }

    // ---- the end

    private void drain(Exchange exchange) {
        Duration grace = grace(fields(exchange));
        answer(exchange, Json.object().put("stopping", true).put("open_answers", models.numOpenAnswers()));
        stop.accept(grace);
    }

    // ---- the log

    private void showLogLevel(Exchange exchange) {
        answer(exchange, Json.object().put("level", word(effective(Logger.getLogger("tokamak")))));
    }

    private void setLogLevel(Exchange exchange) {
        String wanted = fields(exchange)
                .string("level")
                .orElseThrow(() -> ApiException.invalid("level", "level is required: " + words()))
                .toLowerCase(Locale.ROOT);
        Level level = Optional.ofNullable(LEVEL_NAMES.get(wanted))
                .orElseThrow(
                        () -> ApiException.invalid("level", "level must be " + words() + ", found '" + wanted + "'"));
        Logger.getLogger("tokamak").setLevel(level);
        Arrays.stream(Logger.getLogger("").getHandlers()).forEach(handler -> handler.setLevel(Level.ALL));
        answer(exchange, Json.object().put("level", wanted));
    }

    private static Level effective(Logger logger) {
        Logger at = logger;
        while (at.getLevel() == null && at.getParent() != null) {
            at = at.getParent();
        }
        return Optional.ofNullable(at.getLevel()).orElse(Level.INFO);
    }

    private static String word(Level level) {
        return LEVEL_NAMES.entrySet().stream()
                .filter(entry -> entry.getValue().equals(level))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(level.getName());
    }

    private static String words() {
        return LEVELS.stream().map(AdminApi::word).collect(Collectors.joining(", "));
    }
}
