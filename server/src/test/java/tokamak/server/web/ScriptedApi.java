package tokamak.server.web;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import tokamak.server.http.EventStream;
import tokamak.server.http.Exchange;
import tokamak.server.http.HttpConfig;
import tokamak.server.http.HttpServer;
import tokamak.server.http.Response;
import tokamak.server.http.Router;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The page with an API behind it whose answers are fixed: what the last message says decides which. */
final class ScriptedApi implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int PIECE = 7;

    static final String MARKDOWN = """
            ## A torus of plasma

            A **tokamak** confines plasma with *magnetic fields*; the name is an acronym. Some `inline code`, a
            [link](https://example.org/torus_(shape)), ~~an error~~ and 2 * 3 * 4 = 24.

            1. Heat the gas until it is *plasma*.
            2. Keep it away from the walls:
               - a toroidal field
               - a poloidal field
            3. Wait.

            - [x] done
            - [ ] to do

            > The sun does it with gravity.
            > We have to be clever.

            | Fuel | Temperature | Note |
            |------|------------:|------|
            | D-T  | 150,000,000 K | easiest |
            | D-D  | 400,000,000 K | harder \\| slower |

            ```java
            // Fields, in tesla
            double b = Math.sqrt(toroidal * toroidal + poloidal * poloidal);
            if (b < 5.3 && heating) { throw new IllegalStateException("the plasma touches the wall, and this line is long"); }
            ```

            ---

            That is all.
            """;

    static final String HOSTILE = """
            <img src=x onerror="window.hacked = 1"> <script>window.hacked = 2</script>
            [click](javascript:window.hacked=3) [data](data:text/html,<script>window.hacked=4</script>)
            ![picture](https://example.org/spy.png)

            ```html"><img src=x onerror="window.hacked=5">
            </code></pre><script>window.hacked = 6</script>
            ```

            <a href="javascript:window.hacked=7">plain</a>
            """;

    /** Streams that a client has left. */
    final AtomicInteger numGone = new AtomicInteger();

    volatile JsonNode lastRequest = JSON.createObjectNode();
    private final HttpServer server;

    ScriptedApi() {
        Router router = new Router((status, message) -> Response.text(status, message));
        WebPage.load().addTo(router);
        router.add(
                "GET",
                "/v1/models",
                exchange -> exchange.respond(Response.json(200, """
                {"object": "list", "data": [{"id": "small", "max_model_len": 4096}, {"id": "large", "max_model_len": 131072}]}
                """.getBytes(StandardCharsets.UTF_8))));
        router.add("POST", "/v1/chat/completions", this::chat);
        server = HttpServer.start(
                HttpConfig.loopback(0),
                router,
                (status, message) -> Response.text(status, message),
                (request, status, took) -> {});
    }

    String url() {
        return server.url();
    }

    private void chat(Exchange exchange) {
        JsonNode request = JSON.readTree(exchange.request().body());
        lastRequest = request;
        List<JsonNode> messages = List.copyOf(request.get("messages").values());
        String last = messages.getLast().get("content").asString();
        if (last.equals("fail")) {
            exchange.respond(Response.json(
                    429, "{\"error\": {\"message\": \"too many of you\"}}".getBytes(StandardCharsets.UTF_8)));
            return;
        }
        Answer answer = new Answer(exchange.events(Map::of));
        switch (last) {
            case "markdown" -> answer.text("content", MARKDOWN);
            case "hostile" -> answer.text("content", HOSTILE);
            case "think" -> {
                answer.text("reasoning_content", "First I *think* about it, then I think again.");
                answer.text("content", "Forty-two.");
            }
            case "tool" -> answer.call();
            case "endless" -> {
                exchange.onGone(numGone::incrementAndGet);
                for (int i = 0; !exchange.isGone() && i < 12_000; i++) {
                    answer.text("content", "on and ");
                    sleep();
                }
            }
            default -> answer.text("content", "You said: " + last);
        }
        answer.end();
    }

    private static void sleep() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Answer {
        private final EventStream events;
        private int numTokens;

        Answer(EventStream events) {
            this.events = events;
            delta().put("role", "assistant");
        }

        private final ObjectNode chunk = JSON.createObjectNode();

        private ObjectNode delta() {
            chunk.removeAll();
            return chunk.putArray("choices").addObject().put("index", 0).putObject("delta");
        }

        private void send() {
            chunk.putObject("usage").put("completion_tokens", ++numTokens);
            events.send(JSON.writeValueAsBytes(chunk));
        }

        void text(String field, String text) {
            for (int at = 0; at < text.length(); at += PIECE) {
                delta().put(field, text.substring(at, Math.min(text.length(), at + PIECE)));
                send();
                sleep();
            }
        }

        void call() {
            ObjectNode first = delta().putArray("tool_calls").addObject().put("index", 0);
            first.put("id", "call_1").put("type", "function");
            first.putObject("function").put("name", "weather").put("arguments", "{\"city\":");
            send();
            ObjectNode second = delta().putArray("tool_calls").addObject().put("index", 0);
            second.putObject("function").put("arguments", "\"Caen\"}");
            send();
        }

        void end() {
            delta();
            ((ObjectNode) chunk.at("/choices/0")).put("finish_reason", "stop");
            send();
            events.send("[DONE]".getBytes(StandardCharsets.UTF_8));
            events.end();
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
