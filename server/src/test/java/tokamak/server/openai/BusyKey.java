package tokamak.server.openai;

import java.net.http.HttpRequest;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

/** A server whose only key may have one request at once, and has it: others are refused with 429 until the gate is opened. */
final class BusyKey implements AutoCloseable {
    static final String KEY = "s3";
    private static final String REFUSED =
            "http_requests_total{handler=\"/v1/chat/completions\",method=\"POST\",status=\"4xx\"}";

    final TestServer server;
    private final CompletableFuture<TestServer.Answer> running;

    private BusyKey(TestServer server) {
        this.server = server;
        server.gate();
        HttpRequest first = keyed("/v1/completions")
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"0\", \"max_tokens\": 5}"))
                .build();
        this.running = CompletableFuture.supplyAsync(() -> server.send(first), Thread::startVirtualThread);
        TestServer.await("the key is in use", () -> server.stats().numOpenAnswers() == 1);
    }

    static BusyKey start() throws Exception {
        return new BusyKey(TestServer.withKey(KEY, new KeyLimits(0, 0, 1, 0, Set.of())));
    }

    private HttpRequest.Builder keyed(String path) {
        return server.request(path).header("authorization", "Bearer " + KEY);
    }

    /** Waits until a chat has been refused, or there will be none, and lets the others in. */
    void openWhenRefused(BooleanSupplier isOver) {
        HttpRequest metrics = keyed("/metrics").build();
        TestServer.await(
                "a chat is refused",
                () -> isOver.getAsBoolean() || server.send(metrics).raw().body().contains(REFUSED));
        server.openGate();
        running.join();
    }

    @Override
    public void close() {
        server.close();
    }
}
