package tokamak.server.http;

/** How a dialect says that something went wrong, for errors that arise before its handlers see the request. */
@FunctionalInterface
public interface ErrorFormat {
    /** @param message one sentence for whoever sent the request */
    Response error(int status, String message);
}
