package tokamak.server.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ObjIntConsumer;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.server.http.EventStream;
import tokamak.server.http.Exchange;
import tools.jackson.databind.node.ObjectNode;

/**
 * The streamed form of an answer: an event per piece of text, and {@code [DONE]}. What goes wrong before the first event is
 * a plain error answer; afterwards it is an event.
 */
final class AnswerEvents {
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);

    private final EventStream events;
    private final Submission submission;

    AnswerEvents(Exchange exchange, Submission submission) {
        this.submission = submission;
        this.events = exchange.events(() -> Timings.headers(submission.parts().getFirst()));
    }

    void send(ObjectNode event) {
        events.send(Json.bytes(event));
    }

    /**
     * Reads all parts to their end, each on a thread of its own.
     *
     * @param reader gets an event and the index of its part; events of one part come in order
     * @param atEnd runs if all went well, before the stream ends
     */
    void run(ObjIntConsumer<TokenEvent> reader, Runnable atEnd) {
        try {
            readAll(reader);
            atEnd.run();
            events.send(DONE);
            events.end();
        } catch (TokamakException e) {
            fail(submission.failed(OpenAiErrors.of(e)));
        }
    }

    private void readAll(ObjIntConsumer<TokenEvent> reader) {
        List<Submission.Part> parts = submission.parts();
        Queue<RuntimeException> failures = new ConcurrentLinkedQueue<>();
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < parts.size(); i++) {
            int part = i;
            others.add(Thread.ofVirtual().start(() -> read(part, reader, failures)));
        }
        read(0, reader, failures);
        others.forEach(AnswerEvents::join);
        if (!failures.isEmpty()) {
            throw failures.element();
        }
    }

    private void read(int part, ObjIntConsumer<TokenEvent> reader, Queue<RuntimeException> failures) {
        try {
            Submission.read(submission.parts().get(part), event -> reader.accept(event, part));
        } catch (RuntimeException e) {
            failures.add(e);
            submission.cancel();
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void fail(ApiException error) {
        if (!events.respondInstead(OpenAiErrors.response(error))) {
            send(OpenAiErrors.body(error));
            events.send(DONE);
            events.end();
        }
    }
}
