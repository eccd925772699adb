package tokamak.server.http;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/** The first line and the headers of a request, in our own words. */
record RequestHead(
        String id, String method, String path, Map<String, String> headers, boolean isHttp10, boolean keepsAlive) {
    static final Refusal UNREADABLE_PATH = new Refusal(400, "the path is missing or not percent-encoded properly");

    private static final Pattern CLEAN_ID = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");
    private static final Pattern AUTHORITY = Pattern.compile("(?i)^https?://[^/?#]*");

    /** @throws IllegalArgumentException if the path is not percent-encoded properly */
    static RequestHead of(HttpRequest message) {
        return of(
                message.method().name(),
                message.uri(),
                headers(message.headers()),
                message.protocolVersion().equals(HttpVersion.HTTP_1_0),
                HttpUtil.isKeepAlive(message));
    }

    /** @throws IllegalArgumentException if there is no path, or it is not percent-encoded properly */
    static RequestHead of(Http2Headers message) {
        if (message.method() == null || message.path() == null) {
            throw new IllegalArgumentException("a request needs :method and :path");
        }
        Map<String, String> headers = headers(message);
        if (message.authority() != null) {
            headers.putIfAbsent("host", message.authority().toString());
        }
        headers.keySet().removeIf(name -> name.startsWith(":"));
        return of(message.method().toString(), message.path().toString(), headers, false, true);
    }

    private static RequestHead of(
            String method, String uri, Map<String, String> headers, boolean isHttp10, boolean keepsAlive) {
        return new RequestHead(id(headers), method, path(uri), headers, isHttp10, keepsAlive);
    }

    private static Map<String, String> headers(
            Iterable<? extends Map.Entry<? extends CharSequence, ? extends CharSequence>> fields) {
        Map<String, String> headers = new HashMap<>();
        fields.forEach(field -> headers.merge(
                field.getKey().toString().toLowerCase(Locale.ROOT),
                field.getValue().toString(),
                (a, b) -> a + ", " + b));
        return headers;
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
}
