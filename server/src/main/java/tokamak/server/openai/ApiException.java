package tokamak.server.openai;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an error; the message is one sentence for whoever sent it. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final transient Optional<Duration> retryAfter;

    ApiException(
            int status,
            String type,
            @Nullable String param,
            @Nullable String code,
            Optional<Duration> retryAfter,
            String message) {
        // Errors are answers here; nobody reads where they were thrown.
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfter = retryAfter;
    }

    /** The request is wrong. @param param the field that is wrong, if it is one */
    static ApiException invalid(@Nullable String param, String message) {
        return new ApiException(400, "invalid_request_error", param, null, Optional.empty(), message);
    }

    static ApiException unsupported(String param, String message) {
        return new ApiException(
                400, "invalid_request_error", param, "unsupported_parameter", Optional.empty(), message);
    }

    /** The same error about another field, also in words where it begins with the field. */
    ApiException named(@Nullable String field) {
        String message = String.valueOf(getMessage());
        boolean beginsWithField = field != null && param != null && message.startsWith(param);
        return new ApiException(
                status,
                type,
                field,
                code,
                retryAfter,
                beginsWithField ? field + message.substring(param.length()) : message);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }

    @Nullable
    String param() {
        return param;
    }

    @Nullable
    String code() {
        return code;
    }

    Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
