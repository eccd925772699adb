package tokamak.server.http;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/** The first line and the headers of a request, in our own words. */
record RequestHead(
        String id, String method, String path, Map<String, String> headers, boolean isHttp10, boolean keepsAlive) {
    private static final Pattern CLEAN_ID = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
    private static final Pattern AUTHORITY = Pattern.compile("(?i)^https?://[^/?#]*");

    /** @throws IllegalArgumentException if the path is not percent-encoded properly */
    static RequestHead of(HttpRequest message) {
        Map<String, String> headers = new HashMap<>();
        message.headers()
                .forEach(header -> headers.merge(
                        header.getKey().toLowerCase(Locale.ROOT), header.getValue(), (a, b) -> a + ", " + b));
        return new RequestHead(
                id(headers),
                message.method().name(),
                path(message.uri()),
                headers,
                message.protocolVersion().equals(HttpVersion.HTTP_1_0),
                HttpUtil.isKeepAlive(message));
    }

    /** For a message of which not even the path can be read. */
    static RequestHead unreadable() {
        return new RequestHead(UUID.randomUUID().toString(), "?", "?", Map.of(), false, false);
    }

    private static String path(String uri) {
        String path = new QueryStringDecoder(AUTHORITY.matcher(uri).replaceFirst("")).path();
        return path.isEmpty() ? "/" : path;
    }

    /** An id goes into headers and logs, so only harmless ones are taken over. */
    private static String id(Map<String, String> headers) {
        String wanted = headers.getOrDefault("x-request-id", "");
        return CLEAN_ID.matcher(wanted).matches() ? wanted : UUID.randomUUID().toString();
    }

    Request request(byte[] body, String remote) {
        return new Request(id, method, path, headers, body, remote);
    }
}
