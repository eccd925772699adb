package tokamak.api;

import org.jspecify.annotations.Nullable;

/** The model can't be opened: it is not there, damaged, of an unknown kind, or does not fit. */
public final class ModelLoadException extends TokamakException {
    public ModelLoadException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
