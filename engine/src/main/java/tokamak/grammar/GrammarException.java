package tokamak.grammar;

/** A guide that can't be compiled, or costs more than the limits allow; the message is a sentence for the user. */
public final class GrammarException extends RuntimeException {
    public GrammarException(String message) {
        super(message);
    }
}
