package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.ChatConfig;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.server.NodeClients;
import tokamak.server.RandomModel;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

/** OpenAI's own client for Node. */
class NodeClientTest {
    @BeforeAll
    static void findClient() {
        NodeClients.require("openai");
    }

    @Test
    void chatsCompletionsEmbeddingsModelsAndResponses() throws Exception {
        try (TestServer server = new TestServer()) {
            NodeClients.run("openai.mjs", "talk", server.server.url());
            NodeClients.run("openai.mjs", "responses", server.server.url());
        }
    }

    @Test
    void functionsAreCalledAndTheirResultsGoBack() throws Exception {
        EngineConfig config = EngineConfig.of(Path.of("unused")).withChat(new ChatConfig(null, "hermes", "qwen3"));
        try (Engine engine = TestEngines.onBytes(new RandomModel(2048), config);
                TestServer server = new TestServer(engine)) {
            NodeClients.run("openai.mjs", "tools", server.server.url());
        }
    }

    @Test
    void errorsBecomeTheClientsOwn() throws Exception {
        try (TestServer server = new TestServer()) {
            NodeClients.run("openai.mjs", "errors", server.server.url());
        }
        try (TestServer server = TestServer.withKey("s3", new KeyLimits(2, 0, 0, 0, Set.of()))) {
            NodeClients.run("openai.mjs", "unauthorized", server.server.url(), "wrong");
            NodeClients.run("openai.mjs", "limited", server.server.url(), "s3");
        }
    }

    @Test
    void aRefusedRequestIsTriedAgain() throws Exception {
        try (TestServer server = new TestServer(
                http -> http, config -> config.withBatchLimits(1, 64).withQueueLimits(1, 10_000))) {
            FullQueue queue = FullQueue.of(server);
            CompletableFuture<String> client =
                    CompletableFuture.supplyAsync(() -> retry(server, "none"), Thread::startVirtualThread);
            while (server.stats().numRejected() == 0 && !client.isDone()) {
                Thread.sleep(5);
            }
            server.openGate();
            client.get(60, TimeUnit.SECONDS);
            assertThat(server.stats().numRejected()).isPositive();
            queue.close();
        }
    }

    private static String retry(TestServer server, String key) {
        try {
            return NodeClients.run("openai.mjs", "retry", server.server.url(), key);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anAbortedRequestIsCancelledHere() throws Exception {
        try (TestServer server = new TestServer()) {
            server.slow(Duration.ofMillis(2));
            NodeClients.run("openai.mjs", "abort", server.server.url());
            TestServer.await("nothing is left", () -> server.stats().numOpenAnswers() == 0);
            assertThat(server.stats().numAborted()).isEqualTo(2);
            assertThat(server.stats().numFinished()).isZero();
        }
    }

    @Test
    void aRequestOverALimitIsTriedAgain() throws Exception {
        try (BusyKey busy = BusyKey.start()) {
            CompletableFuture<String> client =
                    CompletableFuture.supplyAsync(() -> retry(busy.server, BusyKey.KEY), Thread::startVirtualThread);
            busy.openWhenRefused(client::isDone);
            client.get(60, TimeUnit.SECONDS);
        }
    }
}
