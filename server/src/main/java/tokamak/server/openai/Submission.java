package tokamak.server.openai;

import java.time.Duration;
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
import tokamak.api.Usage;
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
    private final Guest guest;
    private final ServedModel.Lease lease;
    private boolean closed;

    private Submission(Guest guest, ServedModel.Lease lease) {
        this.guest = guest;
        this.lease = lease;
    }

    /** @throws TokamakException if one is refused; none runs then */
    static Submission of(
            ServedModels.Choice choice,
            List<GenerationRequest> requests,
            SamplingParams params,
            ServerMetrics metrics,
            Exchange exchange,
            Guest guest) {
        ServedModel model = choice.model();
        guest.span().model(choice.name(), model.name());
        guest.span().params(params);
        Submission submission = new Submission(guest, model.lease());
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

    /** Of a chat, which has one prompt. @throws ApiException if what its guide is made of can't be kept */
    static Submission of(ChatRequest chat, ServerMetrics metrics, Exchange exchange, Guest guest) {
        return GuideErrors.named(
                chat.guideField(),
                () -> of(
                        chat.choice(),
                        List.of(chat.generation(guest.caller())),
                        chat.params(),
                        metrics,
                        exchange,
                        guest));
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
        if (!closed) {
            closed = true;
            List<Usage> usages =
                    parts.stream().map(part -> part.stream().usage()).toList();
            guest.visit().charge(usages.stream().mapToLong(Usage::totalTokens).sum());
            tell(usages);
        }
    }

    private void tell(List<Usage> usages) {
        guest.span()
                .usage(
                        usages.stream().mapToLong(Usage::promptTokens).sum(),
                        usages.stream().mapToLong(Usage::cachedTokens).sum(),
                        usages.stream().mapToLong(Usage::completionTokens).sum());
        guest.span()
                .ended(parts.stream()
                        .flatMap(part -> part.meter().finishReasons().stream())
                        .toList());
        parts.stream()
                .flatMap(part -> part.meter().timeToFirstToken().stream())
                .min(Duration::compareTo)
                .ifPresent(guest.span()::firstToken);
        parts.stream()
                .map(Part::meter)
                .findFirst()
                .ifPresent(meter -> guest.span().times(meter.queueTime(), meter.prefillTime(), meter.elapsed()));
    }

    /** Something went wrong in the middle of an answer. */
    ApiException failed(ApiException error) {
        return Generating.told(guest.span(), error);
    }
}
