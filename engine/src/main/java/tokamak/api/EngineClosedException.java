package tokamak.api;

/** The engine is closed or closing. */
public final class EngineClosedException extends TokamakException {
    public EngineClosedException(String message) {
        super(message, null);
    }
}
