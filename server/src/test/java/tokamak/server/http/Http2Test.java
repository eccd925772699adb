package tokamak.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;

/** HTTP/2 with prior knowledge, with a handler that says back what it got. */
class Http2Test {
    private static final int WINDOW = 1 << 20;
    private static final int MAX_BODY = 1000;
    private static final int MAX_STREAMS = 20;
    private static final int NO_ERROR = 0;
    private static final int REFUSED_STREAM = 7;
    private static final int CANCEL = 8;
    private static final int ENHANCE_YOUR_CALM = 11;

    private final Semaphore gate = new Semaphore(0);
    private final ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    private void answer(Exchange exchange) {
        Request request = exchange.request();
        switch (request.path()) {
            case "/events" -> {
                EventStream events = exchange.events(() -> Map.of("X-Upper", "1"));
                events.send("1".getBytes(StandardCharsets.US_ASCII));
                events.send("two", "2".getBytes(StandardCharsets.US_ASCII));
                events.end();
            }
            case "/wait" -> {
                exchange.onGone(gate::release);
                gate.acquireUninterruptibly();
                exchange.respond(Response.text(200, "waited"));
            }
            case "/endless" -> {
                EventStream events = exchange.events(Map::of);
                while (!exchange.isGone()) {
                    events.send(new byte[1000]);
                }
            }
            default ->
                exchange.respond(Response.text(
                        200,
                        request.method() + " " + request.path() + " "
                                + new String(request.body(), StandardCharsets.UTF_8)));
        }
    }

    @BeforeEach
    void start() {
        start(Duration.ofSeconds(20));
    }

    private void start(Duration patience) {
        HttpLimits limits = new HttpLimits(
                MAX_BODY, 1 << 20, 4000, 10, MAX_STREAMS, patience, patience, 4096, Duration.ofMillis(300));
        server = HttpServer.start(
                HttpConfig.loopback(0).withLimits(limits),
                this::answer,
                (status, message) -> Response.text(status, message),
                (request, status, took) -> statuses.add(status));
    }

    @AfterEach
    void stop() {
        gate.release(1000);
        server.close();
    }

    private Http2Wire connect() throws IOException {
        return new Http2Wire(server.port(), WINDOW);
    }

    @Test
    void requestsOfOneConnectionAreAnsweredEach() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.post(1, "/wait", "");
            wire.post(3, "/%41?q=1", "abc");
            assertThat(wire.answer(3)).isEqualTo(new Http2Wire.Answer("200", "POST /A abc", Optional.empty()));
            gate.release();
            assertThat(wire.answer(1).body()).isEqualTo("waited");
            wire.request(5, "GET", "/events", Http2Wire.END_STREAM);
            assertThat(wire.answer(5))
                    .isEqualTo(new Http2Wire.Answer("200", "data: 1\n\nevent: two\ndata: 2\n\n", Optional.empty()));
            wire.request(7, "HEAD", "/x", Http2Wire.END_STREAM);
            assertThat(wire.answer(7)).isEqualTo(new Http2Wire.Answer("200", "", Optional.empty()));
            TestServer.await("all are ended", () -> statuses.size() == 4);
            assertThat(statuses).containsOnly(200);
            assertThat(server.numConnections()).isOne();
        }
    }

    @Test
    void trailersEndABody() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.request(1, "POST", "/t", 0);
            wire.send(Http2Wire.DATA, 0, 1, "body".getBytes(StandardCharsets.US_ASCII));
            wire.send(
                    Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, 1, Http2Wire.fields("x-sum", "1"));
            assertThat(wire.answer(1).body()).isEqualTo("POST /t body");
        }
    }

    @Test
    void whatIsTooLargeIsRefusedAndTheConnectionLivesOn() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.request(1, "POST", "/", 0);
            wire.send(Http2Wire.DATA, 0, 1, new byte[MAX_BODY + 1]);
            Http2Wire.Answer answer = wire.answer(1);
            assertThat(answer.status()).isEqualTo("413");
            assertThat(answer.body()).isEqualTo("the body is larger than 1000 bytes");
            assertThat(wire.await(Http2Wire.RESET).number(0)).isEqualTo(NO_ERROR);
            byte[] announced = Http2Wire.fields(
                    ":method", "POST", ":scheme", "http", ":path", "/", "content-length", "99999999999");
            wire.send(Http2Wire.HEADERS, Http2Wire.END_HEADERS, 3, announced);
            assertThat(wire.answer(3).status()).isEqualTo("413");
            byte[] wide = Http2Wire.fields(":method", "GET", ":scheme", "http", ":path", "/", "x", "a".repeat(4200));
            wire.send(Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, 5, wide);
            assertThat(wire.answer(5).status()).isEqualTo("431");
            wire.post(7, "/ok", "");
            assertThat(wire.answer(7).status()).isEqualTo("200");
            TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
        }
    }

    @Test
    void badRequestsHarmTheirStreamOnly() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.request(1, "GET", "/%zz", Http2Wire.END_STREAM);
            assertThat(wire.answer(1).status()).isEqualTo("400");
            byte[] pathless = Http2Wire.fields(":method", "GET", ":scheme", "http");
            wire.send(Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, 3, pathless);
            assertThat(wire.answer(3).status()).isIn("400", "");
            wire.post(5, "/ok", "");
            assertThat(wire.answer(5).status()).isEqualTo("200");
        }
    }

    @Test
    void slowClientsAreCutOff() throws Exception {
        server.close();
        start(Duration.ofMillis(500));
        try (Http2Wire wire = connect()) {
            wire.request(1, "POST", "/", 0);
            wire.send(Http2Wire.DATA, 0, 1, new byte[10]);
            assertThat(wire.answer(1).status()).isEqualTo("408");
            TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
            assertThat(wire.await(Http2Wire.GOAWAY).number(4)).isEqualTo(NO_ERROR);
        }
        // Headers that never end, kept alive with pings.
        try (Http2Wire wire = connect()) {
            wire.send(Http2Wire.HEADERS, 0, 1, Http2Wire.fields(":method", "GET"));
            Optional<Http2Wire.Frame> last = wire.read();
            while (last.isPresent()) {
                last = wire.read();
            }
            assertThat(last).isEmpty();
        }
        try (Http2Wire wire = connect()) {
            Thread.ofVirtual().start(() -> ping(wire));
            assertThat(wire.await(Http2Wire.GOAWAY).number(4)).isEqualTo(NO_ERROR);
        }
    }

    private static void ping(Http2Wire wire) {
        try {
            while (true) {
                wire.send(Http2Wire.PING, 0, 0, new byte[8]);
                Thread.sleep(50);
            }
        } catch (IOException | InterruptedException closed) {
            // This is what the test waits for.
        }
    }

    @Test
    void aResetIsAClientThatHasGone() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.post(1, "/wait", "");
            TestServer.await("it is taken", () -> server.numOpenRequests() == 1);
            wire.reset(1);
            TestServer.await("its handler hears of it", () -> server.numOpenRequests() == 0);
            assertThat(statuses).containsExactly(499);
            wire.post(3, "/ok", "");
            assertThat(wire.answer(3).status()).isEqualTo("200");
        }
    }

    @Test
    void streamsBeyondTheLimitMayBeTriedAgain() throws Exception {
        try (Http2Wire wire = connect()) {
            for (int i = 0; i <= MAX_STREAMS; i++) {
                wire.request(1 + 2 * i, "GET", "/wait", Http2Wire.END_STREAM);
            }
            Http2Wire.Frame refused = wire.await(Http2Wire.RESET);
            assertThat(refused.stream()).isEqualTo(1 + 2 * MAX_STREAMS);
            assertThat(refused.number(0)).isEqualTo(REFUSED_STREAM);
            gate.release(MAX_STREAMS);
            TestServer.await("the others are answered", () -> statuses.size() == MAX_STREAMS);
            assertThat(statuses).containsOnly(200);
        }
    }

    @Test
    void aFloodOfResetsEndsTheConnection() throws Exception {
        try (Http2Wire wire = connect()) {
            Thread.ofVirtual().start(() -> flood(wire));
            assertThat(wire.await(Http2Wire.GOAWAY).number(4)).isEqualTo(ENHANCE_YOUR_CALM);
        }
        TestServer.await("nothing is left", () -> server.numOpenRequests() == 0 && server.numConnections() == 0);
        TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
    }

    private static void flood(Http2Wire wire) {
        try {
            for (int i = 1; i < 100_000; i += 2) {
                wire.post(i, "/wait", "x");
                wire.reset(i);
            }
        } catch (IOException closed) {
            // This is what the test waits for.
        }
    }

    @Test
    void aReaderThatDoesNotReadIsCutOff() throws Exception {
        try (Http2Wire wire = new Http2Wire(server.port(), 5000)) {
            wire.post(1, "/endless", "");
            wire.post(3, "/ok", "");
            Http2Wire.Answer answer = wire.answer(1);
            assertThat(answer.body()).hasSizeLessThanOrEqualTo(5000);
            assertThat(answer.resetCode()).contains(CANCEL);
            wire.post(5, "/ok", "");
            assertThat(wire.answer(5).body()).isEqualTo("POST /ok ");
        }
    }

    @Test
    void whoeverStopsSaysGoodbyeAndFinishes() throws Exception {
        try (Http2Wire wire = connect()) {
            wire.post(1, "/wait", "");
            TestServer.await("it is taken", () -> server.numOpenRequests() == 1);
            server.drain();
            Http2Wire.Frame goodbye = wire.await(Http2Wire.GOAWAY);
            assertThat(goodbye.number(0)).as("last stream").isEqualTo(1);
            assertThat(goodbye.number(4)).isEqualTo(NO_ERROR);
            gate.release();
            assertThat(wire.answer(1).body()).isEqualTo("waited");
            TestServer.await("the connection ends", () -> server.numConnections() == 0);
        }
    }

    @Test
    void connectionsBeyondTheLimitAreToldSo() throws Exception {
        Http2Wire[] wires = new Http2Wire[10];
        for (int i = 0; i < wires.length; i++) {
            wires[i] = connect();
            wires[i].await(Http2Wire.SETTINGS);
        }
        try (Http2Wire wire = connect()) {
            assertThat(wire.await(Http2Wire.GOAWAY).number(4)).isEqualTo(ENHANCE_YOUR_CALM);
        }
        for (Http2Wire wire : wires) {
            wire.close();
        }
    }
}
