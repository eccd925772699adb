package tokamak.sample;

/** Logits from which no token can be chosen. */
public final class InvalidLogitsException extends RuntimeException {
    InvalidLogitsException(String message) {
        super(message);
    }
}
