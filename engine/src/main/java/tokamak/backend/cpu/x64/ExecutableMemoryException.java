package tokamak.backend.cpu.x64;

import org.jspecify.annotations.Nullable;

/** The system gives no executable memory; whoever asked computes in plain Java instead. */
public final class ExecutableMemoryException extends RuntimeException {
    ExecutableMemoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    static ExecutableMemoryException of(Throwable thrown) {
        return thrown instanceof ExecutableMemoryException e
                ? e
                : new ExecutableMemoryException("a call to the system failed: " + thrown, thrown);
    }
}
