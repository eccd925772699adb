package tokamak.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.server.TestServer;

/** A client that goes away costs nothing any more, whatever its request was doing. */
class DisconnectTest {
    private static final String ENDLESS = "{\"prompt\": \"0\", \"max_tokens\": 2000, \"stream\": %s}";

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whileItsPromptIsComputed(boolean stream) throws IOException {
        try (TestServer server = new TestServer()) {
            server.gate();
            Socket client = server.sendRaw("/v1/completions", ENDLESS.formatted(stream));
            TestServer.await("it is taken", () -> server.stats().numOpenAnswers() == 1);
            client.close();
            TestServer.await("the server sees it", () -> server.server.numOpenRequests() == 0);
            awaitWhileStepping(server, "its sequence ends", 0);
            server.awaitRest();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whileItWaits(boolean stream) throws IOException {
        try (TestServer server = new TestServer(http -> http, config -> config.withBatchLimits(1, 64))) {
            server.gate();
            Socket first = server.sendRaw("/v1/completions", ENDLESS.formatted(false));
            TestServer.await("the first is taken", () -> server.stats().numOpenAnswers() == 1);
            server.allowSteps(2);
            Socket second = server.sendRaw("/v1/completions", ENDLESS.formatted(stream));
            TestServer.await("the second is taken", () -> server.stats().numOpenAnswers() == 2);
            second.close();
            TestServer.await("the server sees it", () -> server.server.numOpenRequests() == 1);
            awaitWhileStepping(server, "it leaves the queue", 1);
            first.close();
            server.openGate();
            server.awaitRest();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whileItsAnswerComes(boolean stream) throws IOException {
        try (TestServer server = new TestServer()) {
            server.gate();
            Socket client = server.sendRaw("/v1/completions", ENDLESS.formatted(stream));
            server.allowSteps(20);
            TestServer.await("tokens have come", () -> server.stats().numGeneratedTokens() >= 10);
            client.close();
            TestServer.await("the server sees it", () -> server.server.numOpenRequests() == 0);
            awaitWhileStepping(server, "its sequence ends", 0);
            server.awaitRest();
            assertThat(server.stats().numAborted()).isEqualTo(1);
        }
    }

    /** The cancellation reaches the engine between two steps; which two is not known. */
    private static void awaitWhileStepping(TestServer server, String what, int numOpenAnswers) {
        TestServer.await(what, () -> {
            server.allowSteps(1);
            return server.stats().numOpenAnswers() == numOpenAnswers;
        });
    }

    /** Half have a connection each, which they close; half share one, on which they reset their streams. */
    @Test
    void twoHundredAtOnceLeaveNothing() throws IOException {
        int numEach = 100;
        try (TestServer server = new TestServer();
                Http2Wire shared = new Http2Wire(server.server.port(), 1 << 20)) {
            server.gate();
            List<Closeable> clients = new ArrayList<>();
            for (int i = 0; i < numEach; i++) {
                String body = ENDLESS.formatted(i % 2 == 0);
                clients.add(server.sendRaw("/v1/completions", body));
                int stream = 1 + 2 * i;
                shared.post(stream, "/v1/completions", body);
                clients.add(() -> shared.reset(stream));
            }
            TestServer.await("all are taken", () -> server.stats().numOpenAnswers() == 2 * numEach);
            server.allowSteps(30);
            TestServer.await("tokens have come", () -> server.stats().numGeneratedTokens() > 2 * numEach);
            for (Closeable client : clients) {
                client.close();
            }
            TestServer.await("the server sees it", () -> server.server.numOpenRequests() == 0);
            server.openGate();
            server.awaitRest();
            assertThat(server.stats().numAborted()).isEqualTo(2 * numEach);
            String metrics = server.get("/metrics").raw().body();
            assertThat(metrics).contains("vllm:num_requests_running{engine=\"0\",model_name=\"abc\"} 0.0");
        }
    }

    /** A reader that does not read is cut off, and costs a bounded amount of memory until then. */
    @Test
    void aReaderThatDoesNotReadIsCutOff() throws IOException {
        HttpLimits limits = new HttpLimits(
                1 << 20,
                1 << 20,
                1 << 14,
                100,
                100,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                4096,
                Duration.ofMillis(300));
        try (TestServer server = new TestServer(http -> http.withLimits(limits), config -> config)) {
            // Every event carries the best hundred tokens, so that socket buffers are soon full.
            String body =
                    "{\"prompt\": [\"0\", \"1\", \"2\", \"3\"], \"max_tokens\": 2000, \"stream\": true, \"logprobs\": 100, \"n\": 4}";
            Socket client = new Socket();
            client.setReceiveBufferSize(4096);
            client.connect(new InetSocketAddress("127.0.0.1", server.server.port()));
            try (client) {
                byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                client.getOutputStream()
                        .write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + bytes.length
                                        + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                client.getOutputStream().write(bytes);
                TestServer.await("its answers are aborted", () -> server.stats().numAborted() > 0);
                TestServer.await("it is cut off", () -> server.server.numOpenRequests() == 0);
                server.awaitRest();
            }
        }
    }
}
