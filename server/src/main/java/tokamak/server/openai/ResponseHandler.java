package tokamak.server.openai;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import tokamak.api.FinishReason;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.server.http.EventStream;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.metrics.ServerMetrics;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/responses}: the next items of a conversation, which the server may remember. */
final class ResponseHandler implements Generating.Handler {
    private final ServerMetrics metrics;
    private final ResponseStore store;

    ResponseHandler(ServerMetrics metrics, ResponseStore store) {
        this.metrics = metrics;
        this.store = store;
    }

    @Override
    public void handle(Exchange exchange, Guest guest) {
        Fields fields = Json.object(exchange.request().body());
        ResponseRequest request = ResponseRequest.read(
                fields,
                guest.models(),
                store,
                guest.caller().name(),
                exchange.request().id());
        ResponseObject object = new ResponseObject(
                "resp_" + UUID.randomUUID().toString().replace("-", ""),
                Instant.now().getEpochSecond(),
                request);
        try (Submission submission =
                ResponseRequest.inOwnWords(() -> Submission.of(request.chat(), metrics, exchange, guest))) {
            if (request.store()) {
                ObjectNode open = object.open("in_progress", List.of());
                store.add(
                        object.id(),
                        guest.caller().name(),
                        request.input(),
                        request.conversation(),
                        open,
                        submission::cancel);
            }
            run(exchange, object, submission);
        } catch (RuntimeException e) {
            store.remove(object.id());
            throw e;
        }
    }

    private void run(Exchange exchange, ResponseObject object, Submission submission) {
        Submission.Part part = submission.parts().getFirst();
        if (object.request().stream()) {
            Streamed events = new Streamed(exchange.events(() -> Timings.headers(part)));
            for (String type : List.of("response.created", "response.in_progress")) {
                events.send(type, Json.object().set("response", object.open("in_progress", List.of())));
            }
            Ended ended = answer(object, submission, events);
            events.send("response." + ended.eventName(), Json.object().set("response", ended.response()));
            events.stream.end();
        } else if (object.request().background()) {
            // Nobody waits from here on; the answer is made in the time that is left of this visit.
            exchange.respond(Response.json(200, Json.bytes(object.open("queued", List.of()))));
            answer(object, submission, (type, event) -> {});
        } else {
            Ended ended = answer(object, submission, (type, event) -> {});
            exchange.respond(
                    ended.ending() instanceof ResponseObject.Ending.Failed failed
                            ? OpenAiErrors.response(failed.error())
                            : Timings.addTo(Response.json(200, Json.bytes(ended.response())), part));
        }
    }

    private record Ended(ResponseObject.Ending ending, ObjectNode response) {
        /** There is no event of its own for cancelled ones. */
        String eventName() {
            return ending instanceof ResponseObject.Ending.Cancelled ? "incomplete" : ending.status();
        }
    }

    private Ended answer(ResponseObject object, Submission submission, ResponseOutput.Events events) {
        Submission.Part part = submission.parts().getFirst();
        ResponseOutput output = new ResponseOutput(object.id().substring("resp_".length()), events);
        ChatOutput chat = new ChatOutput(object.request().chat());
        ResponseObject.Ending[] ending = {new ResponseObject.Ending.Cancelled()};
        try {
            Submission.read(part, event -> {
                chat.read(event).forEach(output::accept);
                if (event instanceof TokenEvent.Finished finished) {
                    ending[0] = ending(finished.reason());
                }
            });
        } catch (TokamakException e) {
            ending[0] = new ResponseObject.Ending.Failed(submission.failed(OpenAiErrors.of(e)));
        }
        output.close(ending[0] instanceof ResponseObject.Ending.Completed ? ResponseOutput.COMPLETED : "incomplete");
        ObjectNode response =
                object.ended(ending[0], output.items(), part.stream().usage(), chat.numReasoningTokens());
        store.finish(object.id(), response);
        return new Ended(ending[0], response);
    }

    private static ResponseObject.Ending ending(FinishReason reason) {
        return switch (reason) {
            case STOP -> new ResponseObject.Ending.Completed();
            case LENGTH -> new ResponseObject.Ending.Incomplete("max_output_tokens");
            case REPETITION -> new ResponseObject.Ending.Incomplete(reason.wireName());
            case ABORT, ERROR -> new ResponseObject.Ending.Cancelled();
        };
    }

    /** Numbers events and sends them. */
    private static final class Streamed implements ResponseOutput.Events {
        private final EventStream stream;
        private int numSent;

        Streamed(EventStream stream) {
            this.stream = stream;
        }

        @Override
        public void send(String type, ObjectNode event) {
            ObjectNode whole = Json.object().put("type", type).put("sequence_number", numSent++);
            whole.setAll(event);
            stream.send(type, Json.bytes(whole));
        }
    }
}
