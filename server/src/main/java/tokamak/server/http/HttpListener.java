package tokamak.server.http;

import java.time.Duration;

/** Told of every answer; must not block. */
@FunctionalInterface
public interface HttpListener {
    /**
     * @param status of the answer; 499 if the client was gone before there was one
     * @param took from the complete request to the end of its answer
     */
    void answered(Request request, int status, Duration took);
}
