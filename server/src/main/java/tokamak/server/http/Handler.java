package tokamak.server.http;

/** Answers requests; called on a virtual thread per request, which may block. */
@FunctionalInterface
public interface Handler {
    /** Must answer the exchange before it returns; an exception becomes an error answer. */
    void handle(Exchange exchange);
}
