package tokamak.server.http;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which web pages may read answers (the Fetch standard's CORS protocol).
 *
 * @param allowedOrigins such as {@code https://chat.example}; {@code *} allows all
 */
public record Cors(List<String> allowedOrigins) {
    private static final String EXPOSED = "x-request-id, server-timing, retry-after";

    public Cors {
        allowedOrigins = List.copyOf(allowedOrigins);
    }

    /** Pages of this machine only. */
    public static Cors local() {
        return new Cors(List.of("http://localhost", "http://127.0.0.1", "https://localhost", "https://127.0.0.1"));
    }

    /** Headers that let the page of this request read the answer; none if it may not. */
    Map<String, String> headers(Request request) {
        Optional<String> origin = request.header("origin").filter(this::allows);
        return origin.map(o -> Map.of(
                        "access-control-allow-origin", o, "vary", "origin", "access-control-expose-headers", EXPOSED))
                .orElse(Map.of());
    }

    /** The answer to a preflight request. A bare * does not cover authorization, so what is asked for is named. */
    Response preflight(Request request) {
        Response response = Response.empty(204);
        if (request.header("origin").filter(this::allows).isEmpty()) {
            return response;
        }
        return response.withHeader("access-control-allow-methods", "GET, HEAD, POST, DELETE, OPTIONS")
                .withHeader(
                        "access-control-allow-headers",
                        request.header("access-control-request-headers").orElse("authorization, content-type"))
                .withHeader("access-control-max-age", "600");
    }

    private boolean allows(String origin) {
        return allowedOrigins.contains("*") || allowedOrigins.stream().anyMatch(a -> isSame(a, origin));
    }

    /** An allowed origin without a port allows any port of a loopback host, where development servers live. */
    private static boolean isSame(String allowed, String origin) {
        boolean loopback = allowed.endsWith("://localhost") || allowed.endsWith("://127.0.0.1");
        return origin.equals(allowed)
                || loopback
                        && origin.startsWith(allowed + ":")
                        && origin.substring(allowed.length() + 1).chars().allMatch(Character::isDigit);
    }
}
