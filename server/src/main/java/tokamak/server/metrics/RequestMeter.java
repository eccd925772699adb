package tokamak.server.metrics;

import io.prometheus.metrics.core.metrics.Histogram;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.TokenEvent;

/** Times one request by its events. Belongs to the thread that reads them. */
public final class RequestMeter {
    private static final double NANOS_PER_SECOND = 1e9;

    private final RequestHistograms metrics;
    private final String model;
    private final int numPromptTokens;
    private final IntSupplier preemptions;
    private final LongSupplier clock;
    private final long startNanos;
    private final AnswerTimes[] answers;
    private Duration queueTime = Duration.ZERO;
    private Duration prefillTime = Duration.ZERO;
    private int numEnded;

    private static final class AnswerTimes {
        private long firstNanos;
        private long lastNanos;
        private int numTokens;
        private @Nullable FinishReason reason;
    }

    RequestMeter(
            RequestHistograms metrics,
            String model,
            int numPromptTokens,
            int numAnswers,
            IntSupplier preemptions,
            long startNanos,
            LongSupplier clock) {
        this.metrics = metrics;
        this.model = model;
        this.numPromptTokens = numPromptTokens;
        this.preemptions = preemptions;
        this.clock = clock;
        this.startNanos = startNanos;
        this.answers = new AnswerTimes[numAnswers];
        for (int i = 0; i < numAnswers; i++) {
            answers[i] = new AnswerTimes();
        }
    }

    public void on(TokenEvent event) {
        AnswerTimes answer = answers[event.index()];
        switch (event) {
            case TokenEvent.PromptDone prompt -> promptDone(prompt);
            case TokenEvent.Delta delta -> tokens(answer, delta.tokenIds().size());
            case TokenEvent.Finished finished -> ended(answer, finished.reason());
        }
    }

    /** Whatever has not ended will not. */
    public void failed() {
        endAll(FinishReason.ERROR);
    }

    /** The client has gone away. */
    public void aborted() {
        endAll(FinishReason.ABORT);
    }

    private void endAll(FinishReason reason) {
        for (AnswerTimes answer : answers) {
            if (answer.reason == null) {
                ended(answer, reason);
            }
        }
    }

    /** How long the request waited for its turn; zero before it had it. */
    public Duration queueTime() {
        return queueTime;
    }

    /** How long its prompt took to compute; zero before it was. */
    public Duration prefillTime() {
        return prefillTime;
    }

    /** Until the first token of the first answer that had one; empty before. */
    public Optional<Duration> timeToFirstToken() {
        return Arrays.stream(answers)
                .filter(answer -> answer.numTokens > 0)
                .map(answer -> Duration.ofNanos(answer.firstNanos - startNanos))
                .min(Duration::compareTo);
    }

    /** Why the answers that have ended did, in their order. */
    public List<FinishReason> finishReasons() {
        return Arrays.stream(answers)
                .map(answer -> answer.reason)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Since the request came. */
    public Duration elapsed() {
        return Duration.ofNanos(clock.getAsLong() - startNanos);
    }

    private void promptDone(TokenEvent.PromptDone prompt) {
        if (prompt.index() == 0) {
            queueTime = prompt.queueTime();
            prefillTime = Duration.ofNanos(Math.max(
                    0, clock.getAsLong() - startNanos - prompt.queueTime().toNanos()));
            metrics.promptTokens.labelValues(model, RequestHistograms.ENGINE).inc(numPromptTokens);
            metrics.cachedTokens.labelValues(model, RequestHistograms.ENGINE).inc(prompt.cachedTokens());
            int computed = Math.max(0, numPromptTokens - prompt.cachedTokens());
            source(RequestHistograms.COMPUTED, computed);
            source(RequestHistograms.CACHED, prompt.cachedTokens());
            histogram(metrics.prefillComputedTokens, computed);
        }
    }

    private void source(String source, int count) {
        metrics.tokensBySource
                .labelValues(model, RequestHistograms.ENGINE, source)
                .inc(count);
    }

    private void tokens(AnswerTimes answer, int count) {
        if (count == 0) {
            return;
        }
        long now = clock.getAsLong();
        if (answer.numTokens == 0) {
            answer.firstNanos = now;
            observe(metrics.timeToFirstToken, now - startNanos);
        } else {
            observe(metrics.interTokenLatency, now - answer.lastNanos);
            observe(metrics.oldTimePerOutputToken, now - answer.lastNanos);
        }
        answer.lastNanos = now;
        answer.numTokens += count;
        metrics.generationTokens.labelValues(model, RequestHistograms.ENGINE).inc(count);
    }

    private void ended(AnswerTimes answer, FinishReason reason) {
        answer.reason = reason;
        numEnded++;
        metrics.success
                .labelValues(model, RequestHistograms.ENGINE, reason.wireName())
                .inc();
        long now = clock.getAsLong();
        observe(metrics.e2eLatency, now - startNanos);
        observe(metrics.queueTime, queueTime.toNanos());
        if (answer.numTokens > 0) {
            long decode = answer.lastNanos - answer.firstNanos;
            observe(metrics.prefillTime, Math.max(0, answer.firstNanos - startNanos - queueTime.toNanos()));
            observe(metrics.decodeTime, decode);
            observe(metrics.inferenceTime, Math.max(0, answer.lastNanos - startNanos - queueTime.toNanos()));
            if (answer.numTokens > 1) {
                observe(metrics.timePerOutputToken, decode / (answer.numTokens - 1));
            }
        }
        histogram(metrics.numGenerationTokens, answer.numTokens);
        if (numEnded == answers.length) {
            histogram(metrics.numPromptTokens, numPromptTokens);
            int longest = 0;
            for (AnswerTimes each : answers) {
                longest = Math.max(longest, each.numTokens);
            }
            histogram(metrics.maxNumGenerationTokens, longest);
            histogram(metrics.numPreemptions, preemptions.getAsInt());
        }
    }

    private void observe(Histogram histogram, long nanos) {
        histogram(histogram, nanos / NANOS_PER_SECOND);
    }

    private void histogram(Histogram histogram, double value) {
        histogram.labelValues(model, RequestHistograms.ENGINE).observe(value);
    }
}
