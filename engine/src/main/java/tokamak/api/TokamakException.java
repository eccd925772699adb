package tokamak.api;

import org.jspecify.annotations.Nullable;

/** Everything that can go wrong with a request or an engine; the message is one sentence for the user. */
public abstract sealed class TokamakException extends RuntimeException
        permits InvalidRequestException,
                ContextLengthException,
                OverloadedException,
                DeadlineExceededException,
                StepFailedException,
                EngineClosedException,
                ModelLoadException {
    TokamakException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
