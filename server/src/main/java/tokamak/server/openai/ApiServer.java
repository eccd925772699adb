package tokamak.server.openai;

import java.time.Duration;
import java.util.List;
import tokamak.Engine;
import tokamak.server.access.Access;
import tokamak.server.http.HttpConfig;
import tokamak.server.http.HttpListener;
import tokamak.server.http.HttpServer;
import tokamak.server.http.Router;
import tokamak.server.metrics.ServerMetrics;
import tokamak.server.web.WebPage;

/** A running server: models, paths, metrics and the socket, put together. */
public final class ApiServer implements AutoCloseable {
    /** After the engines have ended everything, the last events still have to be written. */
    private static final Duration FLUSH = Duration.ofSeconds(3);

    private final ServedModels models;
    private final HttpServer http;
    private volatile boolean ready = true;

    /**
     * @param version shown to clients
     * @param access who may use the server
     * @param accessLog whether to log a line per answer
     */
    public record Options(String version, Access access, boolean accessLog) {}

    private ApiServer(HttpConfig config, ServedModels models, Options options) {
        this.models = models;
        ServerMetrics metrics = metrics(models, options);
        Router router = OpenAiApi.router(models, metrics, options.access(), () -> ready, options.version());
        WebPage page = WebPage.load();
        page.addTo(router);
        AccessLog accessLog = new AccessLog();
        HttpListener listener = (request, status, took) -> {
            metrics.answered(router.route(request.path()), request.method(), status, took);
            if (options.accessLog()) {
                accessLog.answered(request, status, took);
            }
        };
        this.http = HttpServer.start(
                config, OpenAiApi.keyed(options.access(), page::has, router), new OpenAiErrors(), listener);
        metrics.gauge("tokamak_http_connections", "Open connections.", http::numConnections);
        metrics.gauge(
                "tokamak_http_open_requests", "Requests that are not answered completely.", http::numOpenRequests);
    }

    private static ServerMetrics metrics(ServedModels models, Options options) {
        List<ServerMetrics.Source> sources = models.all().stream()
                .map(model ->
                        new ServerMetrics.Source(model.name(), model.engine().kvBlockSize(), model.engine()::stats))
                .toList();
        int longest = models.all().stream()
                .mapToInt(model -> model.engine().contextLength())
                .max()
                .orElseThrow();
        return new ServerMetrics(sources, longest, options.version());
    }

    /**
     * Begins to serve. The server closes the engines when it is shut down.
     *
     * @throws tokamak.server.http.ServerStartException if the address can't be used
     */
    public static ApiServer start(HttpConfig config, ServedModels models, Options options) {
        return new ApiServer(config, models, options);
    }

    public String url() {
        return http.url();
    }

    public int port() {
        return http.port();
    }

    public int numOpenRequests() {
        return http.numOpenRequests();
    }

    /**
     * Takes no more requests, lets those it has come to their end for so long, ends the others with an error, and closes
     * everything.
     *
     * @return whether all came to their own end
     */
    public boolean shutdown(Duration grace) {
        ready = false;
        long end = System.nanoTime() + grace.toNanos();
        boolean drained = true;
        for (ServedModel model : models.all()) {
            Engine engine = model.engine();
            drained &= engine.shutdown(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        http.stop(FLUSH);
        return drained;
    }

    @Override
    public void close() {
        shutdown(Duration.ZERO);
    }
}
