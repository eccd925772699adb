package tokamak.server.http;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Finds the handler for a method and a path. Filled once, before requests come; HEAD is served by GET. */
public final class Router implements Handler {
    private final ErrorFormat errors;
    private final Map<String, Map<String, Handler>> exact = new HashMap<>();
    private final Map<String, Map<String, Handler>> below = new TreeMap<>();

    public Router(ErrorFormat errors) {
        this.errors = errors;
    }

    public Router add(String method, String path, Handler handler) {
        exact.computeIfAbsent(path, p -> new TreeMap<>()).put(method, handler);
        return this;
    }

    /** For all paths that go on after this one, which ends with a slash. */
    public Router addBelow(String method, String path, Handler handler) {
        below.computeIfAbsent(path, p -> new TreeMap<>()).put(method, handler);
        return this;
    }

    @Override
    public void handle(Exchange exchange) {
        Request request = exchange.request();
        Map<String, Handler> methods = methods(request.path());
        String method = request.method().equals("HEAD") ? "GET" : request.method();
        Handler handler = methods.get(method);
        if (handler != null) {
            handler.handle(exchange);
        } else if (methods.isEmpty()) {
            exchange.respond(errors.error(404, "there is nothing at " + request.method() + " " + request.path()));
        } else {
            String allowed = methods.keySet().stream().collect(Collectors.joining(", "));
            exchange.respond(errors.error(405, request.path() + " takes " + allowed + ", not " + request.method())
                    .withHeader("allow", allowed));
        }
    }

    /** What was added for this path, {@code "other"} for nothing: a name that metrics can count by. */
    public String route(String path) {
        return exact.containsKey(path)
                ? path
                : entryBelow(path).map(Map.Entry::getKey).orElse("other");
    }

    private Map<String, Handler> methods(String path) {
        Map<String, Handler> methods = exact.get(path);
        return methods != null
                ? methods
                : entryBelow(path).map(Map.Entry::getValue).orElse(Map.of());
    }

    private Optional<Map.Entry<String, Map<String, Handler>>> entryBelow(String path) {
        return below.entrySet().stream()
                .filter(entry -> path.startsWith(entry.getKey())
                        && path.length() > entry.getKey().length())
                .findFirst();
    }
}
