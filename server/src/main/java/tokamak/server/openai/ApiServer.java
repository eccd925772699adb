package tokamak.server.openai;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tokamak.server.access.Access;
import tokamak.server.http.HttpConfig;
import tokamak.server.http.HttpListener;
import tokamak.server.http.HttpServer;
import tokamak.server.http.Router;
import tokamak.server.metrics.ServerMetrics;
import tokamak.server.trace.Tracing;
import tokamak.server.web.WebPage;

/** A running server: models, paths, metrics and the sockets, put together. */
public final class ApiServer implements AutoCloseable {
    /** After the engines have ended everything, the last events still have to be written. */
    private static final Duration FLUSH = Duration.ofSeconds(3);

    private final ServedModels models;
    private final HttpServer http;
    private final Optional<HttpServer> admin;
    private final CompletableFuture<Duration> stopAsked = new CompletableFuture<>();
    private volatile boolean ready = true;

    /**
     * @param version shown to clients
     * @param access who may use the server
     * @param accessLog whether to log a line per answer
     * @param admin where to take the orders of whoever runs the server; empty: nowhere
     * @param tracing whom to tell about requests
     */
    public record Options(
            String version, Access access, boolean accessLog, Optional<HttpConfig> admin, Tracing tracing) {
        public Options(String version, Access access, boolean accessLog, Optional<HttpConfig> admin) {
            this(version, access, accessLog, admin, Tracing.global(version));
        }

        public Options(String version, Access access, boolean accessLog) {
            this(version, access, accessLog, Optional.empty());
        }
    }

    private ApiServer(HttpConfig config, ServedModels models, Options options) {
        this.models = models;
        ServerMetrics metrics = new ServerMetrics(
                models.all().stream().map(ApiServer::source).toList(), models.longestContext(), options.version());
        Router router = OpenAiApi.router(
                models, metrics, options.access(), options.tracing(), this::isReady, options.version());
        WebPage page = WebPage.load();
        page.addTo(router);
        AccessLog accessLog = new AccessLog(options.access());
        HttpListener listener = (request, status, took) -> {
            metrics.answered(router.route(request.path()), request.method(), status, took);
            if (options.accessLog()) {
                accessLog.answered(request, status, took);
            }
        };
        this.http = HttpServer.start(
                config, OpenAiApi.keyed(options.access(), page::has, router), new OpenAiErrors(), listener);
        try {
            this.admin = options.admin().map(where -> startAdmin(where, metrics, options));
        } catch (RuntimeException e) {
            http.close();
            throw e;
        }
        metrics.gauge("tokamak_http_connections", "Open connections.", http::numConnections);
        metrics.gauge(
                "tokamak_http_open_requests", "Requests that are not answered completely.", http::numOpenRequests);
    }

    private HttpServer startAdmin(HttpConfig where, ServerMetrics metrics, Options options) {
        Router router = new AdminApi(models, metrics, this::isReady, stopAsked::complete).router();
        return HttpServer.start(
                where,
                OpenAiApi.adminKeyed(options.access(), router),
                new OpenAiErrors(),
                (request, status, took) -> {});
    }

    private static ServerMetrics.Source source(ServedModel model) {
        return new ServerMetrics.Source(
                model.name(),
                () -> model.loaded()
                        .map(engine -> new ServerMetrics.Reading(
                                engine.kvBlockSize(), engine.kvCacheType(), engine.isPrefixCaching(), engine.stats())),
                () -> model.state() instanceof ModelState.Asleep);
    }

    /**
     * Begins to serve. The server closes the engines when it is shut down.
     *
     * @throws tokamak.server.http.ServerStartException if an address can't be used
     */
    public static ApiServer start(HttpConfig config, ServedModels models, Options options) {
        return new ApiServer(config, models, options);
    }

    /** Whether requests are taken and answered. */
    private boolean isReady() {
        return ready && !models.isAsleep();
    }

    public String url() {
        return http.url();
    }

    public int port() {
        return http.port();
    }

    /** Where orders are taken, if anywhere. */
    public Optional<String> adminUrl() {
        return admin.map(HttpServer::url);
    }

    public int numOpenRequests() {
        return http.numOpenRequests();
    }

    /** Completes when somebody asks over the admin listener to stop, with the time that running requests may take. */
    public CompletableFuture<Duration> stopAsked() {
        return stopAsked;
    }

    /**
     * Takes no more requests, lets those it has come to their end for so long, ends the others with an error, and closes
     * everything.
     *
     * @return whether all came to their own end
     */
    public boolean shutdown(Duration grace) {
        ready = false;
        http.drain();
        boolean drained = models.shutdown(grace);
        http.stop(FLUSH);
        admin.ifPresent(server -> server.stop(FLUSH));
        return drained;
    }

    @Override
    public void close() {
        shutdown(Duration.ZERO);
    }
}
