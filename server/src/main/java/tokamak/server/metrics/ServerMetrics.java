package tokamak.server.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tokamak.EngineStats;

/** All metrics of a server. */
public final class ServerMetrics {
    /**
     * Where a model's numbers come from.
     *
     * @param model as clients call it
     * @param reading empty while the model is not in memory
     * @param asleep whether it has been put to sleep
     */
    public record Source(String model, Supplier<Optional<Reading>> reading, BooleanSupplier asleep) {}

    /**
     * An engine's numbers of now.
     *
     * @param kvBlockSize tokens per block
     * @param kvCacheType how keys and values are kept, by the name that is asked for
     */
    public record Reading(int kvBlockSize, String kvCacheType, boolean prefixCaching, EngineStats stats) {}

    /** Metrics as text. */
    public record Page(String contentType, byte[] body) {}

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final RequestHistograms requests;
    private final Counter httpRequests;
    private final Histogram httpDuration;

    /** @param contextLength of the model with the longest */
    public ServerMetrics(List<Source> sources, int contextLength, String version) {
        requests = new RequestHistograms(registry, contextLength);
        sources.forEach(source -> requests.prepare(source.model()));
        new EngineGauges(registry, List.copyOf(sources)).register();
        ProcessGauges.register(registry);
        httpRequests = Counter.builder()
                .name("http_requests")
                .help("Answers by path, method and status class.")
                .labelNames("handler", "method", "status")
                .register(registry);
        httpDuration = Histogram.builder()
                .name("http_request_duration_seconds")
                .help("From the complete request to the end of its answer.")
                .labelNames("handler", "method")
                .classicOnly()
                .classicUpperBounds(.01, .05, .1, .5, 1, 5, 10, 30, 60)
                .register(registry);
        Info.builder()
                .name("tokamak_build_info")
                .help("What runs.")
                .labelNames("version", "java")
                .register(registry)
                .setLabelValues(version, Runtime.version().toString());
    }

    /** Shows a number that somebody else keeps. */
    public void gauge(String name, String help, IntSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsInt()))
                .register(registry);
    }

    /**
     * A request has been taken.
     *
     * @param preemptions how often its answers had to give up their memory, asked when they have ended
     * @param startNanos when it came, by {@link System#nanoTime}
     */
    public RequestMeter begin(
            String model,
            int numPromptTokens,
            int numAnswers,
            OptionalInt maxTokens,
            IntSupplier preemptions,
            long startNanos) {
        maxTokens.ifPresent(max -> requests.paramsMaxTokens
                .labelValues(model, RequestHistograms.ENGINE)
                .observe(max));
        requests.paramsN.labelValues(model, RequestHistograms.ENGINE).observe(numAnswers);
        return new RequestMeter(
                requests, model, numPromptTokens, numAnswers, preemptions, startNanos, System::nanoTime);
    }

    /** A request found the queue full. @param limit that was reached */
    public void rejected(String model, String limit) {
        requests.rejections.labelValues(model, RequestHistograms.ENGINE, limit).inc();
    }

    /** @param handler one of a bounded set of paths */
    public void answered(String handler, String method, int status, Duration took) {
        httpRequests.labelValues(handler, method, status / 100 + "xx").inc();
        httpDuration.labelValues(handler, method).observe(took.toNanos() / 1e9);
    }

    /** @param accept the client's {@code Accept} header */
    public Page page(@Nullable String accept) {
        ExpositionFormatWriter writer = formats.findWriter(accept);
        ByteArrayOutputStream out = new ByteArrayOutputStream(1 << 14);
        try {
            writer.write(out, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Page(writer.getContentType(), out.toByteArray());
    }
}
