package tokamak.file;

import java.io.IOException;

/** A file that is not what it should be. The message is one sentence: which file, where in it, what was expected and found. */
public final class ModelFormatException extends IOException {
    public ModelFormatException(String message) {
        super(message);
    }

    public ModelFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
