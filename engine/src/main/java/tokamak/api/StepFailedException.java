package tokamak.api;

import org.jspecify.annotations.Nullable;

/** The model could not compute this request's next token. Others are not affected. */
public final class StepFailedException extends TokamakException {
    public StepFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
