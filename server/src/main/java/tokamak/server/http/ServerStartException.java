package tokamak.server.http;

/** The server could not begin to serve; the message is one sentence for the user. */
public final class ServerStartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ServerStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
