package tokamak.server.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import tokamak.server.http.Exchange;
import tokamak.server.http.Response;
import tokamak.server.http.Router;

/**
 * A page to chat with the models: a few files that lie in the jar and load nothing from elsewhere. It is a client of the API
 * like any other, so it is shown to whoever asks, key or not.
 */
public final class WebPage {
    private static final String FOLDER = "/web/";

    /** The page needs its own files and the API; whatever a model writes must not be able to load or run more. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, Response> files;

    private WebPage(Map<String, Response> files) {
        this.files = Map.copyOf(files);
    }

    /** Reads the files. */
    public static WebPage load() {
        Map<String, Response> files = new HashMap<>();
        files.put("/", file("index.html", "text/html; charset=utf-8"));
        for (String script : new String[] {
            "answer.js",
            "api.js",
            "dom.js",
            "markdown.js",
            "message.js",
            "page.js",
            "settings.js",
            "store.js",
            "theme.js"
        }) {
            files.put(FOLDER + script, file(script, "text/javascript; charset=utf-8"));
        }
        files.put(FOLDER + "style.css", file("style.css", "text/css; charset=utf-8"));
        files.put(FOLDER + "icon.svg", file("icon.svg", "image/svg+xml"));
        files.put("/favicon.ico", file("icon.svg", "image/svg+xml"));
        return new WebPage(files);
    }

    private static Response file(String name, String contentType) {
        try (InputStream in = WebPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the page's file " + name + " is not in the jar");
            }
            byte[] bytes = in.readAllBytes();
            CRC32C sum = new CRC32C();
            sum.update(bytes);
            String tag = '"' + HexFormat.of().toHexDigits((int) sum.getValue()) + '-' + bytes.length + '"';
            return new Response(
                    200,
                    contentType,
                    bytes,
                    Map.of(
                            "content-security-policy", CONTENT_SECURITY_POLICY,
                            "x-content-type-options", "nosniff",
                            "referrer-policy", "no-referrer",
                            // Files of different versions must not be mixed; asking again costs little.
                            "cache-control", "no-cache",
                            "etag", tag));
        } catch (IOException e) {
            throw new UncheckedIOException("reading the page's file " + name, e);
        }
    }

    public void addTo(Router router) {
        files.keySet().forEach(path -> router.add("GET", path, this::answer));
    }

    /** Whether this is one of the page's files: they hold no secrets. */
    public boolean has(String path) {
        return files.containsKey(path);
    }

    private void answer(Exchange exchange) {
        Response file = Objects.requireNonNull(files.get(exchange.request().path()), "only its files are routed here");
        boolean isKnown = exchange.request()
                .header("if-none-match")
                .filter(tag -> tag.equals(file.headers().get("etag")))
                .isPresent();
        exchange.respond(isKnown ? new Response(304, "", new byte[0], file.headers()) : file);
    }
}
