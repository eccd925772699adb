package tokamak.api;

/** A request that can't be served as it is written. */
public final class InvalidRequestException extends TokamakException {
    private final String field;

    /** @param field the wire name of what is wrong, such as {@code top_p} */
    public InvalidRequestException(String field, String message) {
        super(message, null);
        this.field = field;
    }

    public String field() {
        return field;
    }
}
