package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tokamak.TokenStream;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.OverloadedException;
import tokamak.api.SamplingParams;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.server.access.Caller;
import tokamak.server.http.Exchange;
import tokamak.server.metrics.RequestMeter;
import tokamak.server.metrics.ServerMetrics;

/**
 * What one HTTP request has asked of an engine: a stream per prompt, each with its meter. A client that goes away cancels
 * all of them at once, whatever they are doing.
 */
final class Submission implements AutoCloseable {
    /** One prompt's answers. */
    record Part(TokenStream stream, RequestMeter meter) {}

    private final List<Part> parts = new ArrayList<>();
    private final Caller.Visit visit;
    private final ServedModel.Lease lease;
    private boolean charged;

    private Submission(Caller.Visit visit, ServedModel.Lease lease) {
        this.visit = visit;
        this.lease = lease;
    }

    /** @throws TokamakException if one is refused; none runs then */
    static Submission of(
            ServedModel model,
            List<GenerationRequest> requests,
            SamplingParams params,
            ServerMetrics metrics,
            Exchange exchange,
            Caller.Visit visit) {
        Submission submission = new Submission(visit, model.lease());
        try {
            for (GenerationRequest request : requests) {
                long startNanos = System.nanoTime();
                TokenStream stream = submission.lease.engine().submit(request);
                RequestMeter meter = metrics.begin(
                        model.name(),
                        stream.promptTokenIds().length,
                        params.numSequences(),
                        params.maxTokens(),
                        stream::numPreemptions,
                        startNanos);
                submission.parts.add(new Part(stream, meter));
                exchange.onGone(stream::cancel);
            }
            return submission;
        } catch (TokamakException e) {
            if (e instanceof OverloadedException full) {
                metrics.rejected(model.name(), full.limit());
            }
            submission.parts.forEach(part -> part.meter().aborted());
            submission.close();
            throw e;
        }
    }

    List<Part> parts() {
        return parts;
    }

    /** Waits for the whole answer of one part. */
    static Generation collect(Part part) {
        return collect(part, event -> {});
    }

    /** @param listener gets every event as it comes */
    static Generation collect(Part part, Consumer<TokenEvent> listener) {
        try {
            return part.stream().collect(event -> {
                part.meter().on(event);
                listener.accept(event);
            });
        } catch (TokamakException e) {
            part.meter().failed();
            throw e;
        }
    }

    /** Reads one part to its end. */
    static void read(Part part, Consumer<TokenEvent> reader) {
        try {
            for (TokenEvent event = part.stream().next();
                    event != null;
                    event = part.stream().next()) {
                part.meter().on(event);
                reader.accept(event);
            }
        } catch (TokamakException e) {
            part.meter().failed();
            throw e;
        }
    }

    /** Cancels what still runs. Any thread may call this. */
    void cancel() {
        parts.forEach(part -> part.stream().close());
    }

    /** Cancels what still runs, charges the caller for what has come, and needs the engine no more. */
    @Override
    public void close() {
        cancel();
        lease.close();
        if (!charged) {
            charged = true;
            visit.charge(parts.stream()
                    .mapToLong(part -> part.stream().usage().totalTokens())
                    .sum());
        }
    }
}
