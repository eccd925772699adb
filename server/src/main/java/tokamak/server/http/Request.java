package tokamak.server.http;

import java.util.Map;
import java.util.Optional;

/**
 * A request that has arrived completely and within the limits.
 *
 * @param id the client's {@code x-request-id}, or a fresh one
 * @param method in capitals
 * @param path percent-decoded, without query
 * @param headers by name in lower case; values of repeated headers joined by commas
 * @param body as it came; owned by the reader, not copied
 * @param remote who asks, for logs
 */
public record Request(String id, String method, String path, Map<String, String> headers, byte[] body, String remote) {
    public Request {
        headers = Map.copyOf(headers);
    }

    /** @param name in lower case */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }
}
