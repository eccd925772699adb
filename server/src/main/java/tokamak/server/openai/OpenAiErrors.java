package tokamak.server.openai;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import tokamak.api.ContextLengthException;
import tokamak.api.DeadlineExceededException;
import tokamak.api.EngineClosedException;
import tokamak.api.InvalidRequestException;
import tokamak.api.ModelLoadException;
import tokamak.api.OverloadedException;
import tokamak.api.StepFailedException;
import tokamak.api.TokamakException;
import tokamak.server.access.LimitReachedException;
import tokamak.server.http.ErrorFormat;
import tokamak.server.http.Response;
import tools.jackson.databind.node.ObjectNode;

/** Errors in OpenAI's shape: {@code {"error": {"message", "type", "param", "code"}}}. */
public final class OpenAiErrors implements ErrorFormat {
    private static final String INVALID = "invalid_request_error";
    private static final String SERVER = "server_error";

    /**
     * The folders of an absolute path: clients need to know what is wrong with a model, not where the server keeps it. The log
     * and the admin listener say where.
     */
    private static final Pattern FOLDERS =
            Pattern.compile("(?<![^\\s'\"(=])(?:[A-Za-z]:)?[/\\\\](?:[^\\s/\\\\'\"]+[/\\\\])+");

    @Override
    public Response error(int status, String message) {
        String type = status >= 500 ? SERVER : INVALID;
        return response(new ApiException(status, type, null, null, Optional.empty(), message));
    }

    static Response response(ApiException error) {
        Response response = Response.json(error.status(), Json.bytes(body(error)));
        return error.retryAfter()
                .map(after -> response.withHeader("retry-after", Long.toString(Math.max(1, after.toSeconds()))))
                .orElse(response);
    }

    static ObjectNode body(ApiException error) {
        ObjectNode body = Json.object();
        body.putObject("error")
                .put("message", Json.clean(String.valueOf(error.getMessage())))
                .put("type", error.type())
                .put("param", error.param())
                .put("code", error.code());
        return body;
    }

    static ApiException of(LimitReachedException limit) {
        return new ApiException(
                429,
                "rate_limit_error",
                null,
                "rate_limit_exceeded",
                Optional.of(limit.retryAfter()),
                String.valueOf(limit.getMessage()));
    }

    /** Runs something whose prompt comes from this field, which is the one to shorten; chats call it messages. */
    static <T> T withPromptIn(String field, Supplier<T> work) {
        try {
            return work.get();
        } catch (ContextLengthException e) {
            throw of(e).named(field);
        }
    }

    static ApiException of(TokamakException failure) {
        String message = String.valueOf(failure.getMessage());
        return switch (failure) {
            case InvalidRequestException invalid -> ApiException.invalid(invalid.field(), message);
            case ContextLengthException tooLong ->
                new ApiException(
                        400,
                        INVALID,
                        "messages",
                        "context_length_exceeded",
                        Optional.empty(),
                        // Gateways tell this error by how its message begins.
                        "This model's maximum context length is " + tooLong.contextLength() + " tokens: " + message);
            case OverloadedException full ->
                new ApiException(503, SERVER, null, "overloaded", Optional.of(full.retryAfter()), message);
            case DeadlineExceededException _ ->
                new ApiException(408, "timeout", null, "timeout", Optional.empty(), message);
            case StepFailedException _ -> new ApiException(500, SERVER, null, "step_failed", Optional.empty(), message);
            case EngineClosedException _ ->
                new ApiException(
                        503,
                        SERVER,
                        null,
                        "shutting_down",
                        Optional.of(Duration.ofSeconds(5)),
                        "the server is shutting down; try another one or try again later");
            case ModelLoadException _ ->
                new ApiException(
                        503,
                        SERVER,
                        "model",
                        "model_not_loaded",
                        Optional.empty(),
                        FOLDERS.matcher(message).replaceAll(""));
        };
    }
}
