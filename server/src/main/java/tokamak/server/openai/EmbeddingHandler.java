package tokamak.server.openai;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import tokamak.EmbeddingCall;
import tokamak.Engine;
import tokamak.api.EmbeddingRequest;
import tokamak.api.FinishReason;
import tokamak.api.OverloadedException;
import tokamak.api.Prompt;
import tokamak.api.TextEmbedding;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.api.Usage;
import tokamak.server.access.Caller;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.metrics.RequestMeter;
import tokamak.server.metrics.ServerMetrics;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/embeddings}: what texts mean, as vectors. */
final class EmbeddingHandler implements Generating.Handler {
    private final ServerMetrics metrics;

    EmbeddingHandler(ServerMetrics metrics) {
        this.metrics = metrics;
    }

    /** How vectors are written. */
    private enum Encoding {
        FLOAT,
        /** Of little-endian float32. */
        BASE64;

        static Encoding read(Fields request) {
            String name = request.string("encoding_format").orElse("float");
            return switch (name) {
                case "float" -> FLOAT;
                case "base64" -> BASE64;
                default ->
                    throw ApiException.invalid(
                            "encoding_format", "encoding_format must be 'float' or 'base64', found '" + name + "'");
            };
        }

        void put(ObjectNode target, float[] vector) {
            switch (this) {
                case FLOAT -> target.putPOJO("embedding", vector);
                case BASE64 -> {
                    ByteBuffer bytes =
                            ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(vector);
                    target.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
                }
            }
        }
    }

    @Override
    public void handle(Exchange exchange, Guest guest) {
        long startNanos = System.nanoTime();
        Fields fields = Json.object(exchange.request().body());
        ServedModels.Choice choice = guest.models().choose(fields);
        guest.span().model(choice.name(), choice.model().name());
        Encoding encoding = Encoding.read(fields);
        try (ServedModel.Lease lease = choice.model().lease()) {
            EmbeddingRequest request = request(fields, lease.engine(), guest.caller());
            try (EmbeddingCall call = submit(lease.engine(), choice.model(), request)) {
                exchange.onGone(call::cancel);
                RequestMeter meter = metrics.begin(
                        choice.model().name(), call.numPromptTokens(), 1, OptionalInt.empty(), () -> 0, startNanos);
                List<TextEmbedding> embeddings = await(call, meter, guest.visit());
                guest.span().usage(call.numPromptTokens(), cachedTokens(embeddings), 0);
                guest.span().times(meter.queueTime(), meter.prefillTime(), meter.elapsed());
                ObjectNode answer = answer(exchange.request().id(), choice.name(), embeddings, encoding);
                exchange.respond(
                        Response.json(200, Json.bytes(answer)).withHeader(Timings.HEADER, Timings.untilTokens(meter)));
            } catch (CancellationException e) {
                exchange.abort();
            }
        }
    }

    private static EmbeddingRequest request(Fields fields, Engine engine, Caller caller) {
        EmbeddingRequest request = EmbeddingRequest.of(prompts(fields, engine));
        OptionalInt dimensions = fields.int32("dimensions");
        if (dimensions.isPresent()) {
            if (dimensions.getAsInt() < 1) {
                throw ApiException.invalid(
                        "dimensions", "dimensions must be at least 1, found " + dimensions.getAsInt());
            }
            request = request.withDimensions(dimensions.getAsInt());
        }
        // vLLM has called it by both names.
        if (!fields.flag("normalize", true) || !fields.flag("use_activation", true)) {
            request = request.notNormalised();
        }
        return request.withPriority(AnswerOptions.priority(fields, caller))
                .withTenant(caller.name())
                .withCacheSalt(AnswerOptions.cacheSalt(fields));
    }

    private static List<Prompt> prompts(Fields fields, Engine engine) {
        if (fields.has("messages")) {
            int[] ids = engine.tokenize(ChatPrompt.render(fields, engine, ToolFields.read(fields)));
            return List.of(new Prompt.Tokens(
                    PromptCut.read(fields, engine.contextLength()).apply(ids)));
        }
        PromptCut cut = PromptCut.read(fields, engine.contextLength());
        return TextPrompts.read(fields, "input", engine, cut).stream()
                .<Prompt>map(text -> new Prompt.Tokens(text.ids()))
                .toList();
    }

    private EmbeddingCall submit(Engine engine, ServedModel model, EmbeddingRequest request) {
        try {
            return OpenAiErrors.withPromptIn("input", () -> engine.submit(request));
        } catch (OverloadedException e) {
            metrics.rejected(model.name(), e.limit());
            throw e;
        }
    }

    private static List<TextEmbedding> await(EmbeddingCall call, RequestMeter meter, Caller.Visit visit) {
        try {
            List<TextEmbedding> embeddings = call.await();
            int cached = cachedTokens(embeddings);
            int prompt = call.numPromptTokens();
            meter.on(new TokenEvent.PromptDone(0, cached, List.of(), call.queueTime()));
            meter.on(new TokenEvent.Finished(
                    0, FinishReason.STOP, Optional.empty(), OptionalInt.empty(), new Usage(prompt, 0, cached)));
            visit.charge(prompt);
            return embeddings;
        } catch (TokamakException e) {
            meter.failed();
            throw e;
        } catch (CancellationException e) {
            meter.aborted();
            throw e;
        }
    }

    private static int cachedTokens(List<TextEmbedding> embeddings) {
        return embeddings.stream().mapToInt(TextEmbedding::cachedTokens).sum();
    }

    private static ObjectNode answer(String id, String model, List<TextEmbedding> embeddings, Encoding encoding) {
        ObjectNode answer = new AnswerHead("embd-" + id, Instant.now().getEpochSecond(), model).object("list");
        ArrayNode data = answer.putArray("data");
        UsageSum usage = new UsageSum();
        for (TextEmbedding embedding : embeddings) {
            ObjectNode entry = data.addObject().put("object", "embedding").put("index", data.size() - 1);
            encoding.put(entry, embedding.vector());
            usage.addPrompt(embedding.promptTokens());
            usage.addCached(embedding.cachedTokens());
        }
        usage.put(answer);
        return answer;
    }
}
