package tokamak.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.server.TestServer;

/** The protocol, with a handler that says back what it got. */
class HttpTest {
    private static final int MAX_BODY = 1000;
    private HttpServer server;

    private static void echo(Exchange exchange) {
        Request request = exchange.request();
        switch (request.path()) {
            case "/fail" -> throw new IllegalStateException("a test's own failure");
            case "/events" -> {
                EventStream events = exchange.events(java.util.Map::of);
                events.send("1".getBytes(StandardCharsets.US_ASCII));
                events.send("two", "2".getBytes(StandardCharsets.US_ASCII));
                events.end();
            }
            default ->
                exchange.respond(Response.text(
                        200,
                        request.method() + " " + request.path() + " "
                                + new String(request.body(), StandardCharsets.UTF_8)));
        }
    }

    private static HttpServer start(HttpConfig config) {
        return HttpServer.start(
                config, HttpTest::echo, (status, message) -> Response.text(status, message), (r, s, t) -> {});
    }

    @BeforeEach
    void start() {
        start(Duration.ofSeconds(60));
    }

    /** @param patience with clients: short only where it is to run out, for a busy machine makes every client slow */
    private void start(Duration patience) {
        HttpLimits limits = HttpLimits.defaults()
                .withMaxBodyBytes(MAX_BODY)
                .withTimeouts(patience, patience, Duration.ofSeconds(30));
        server = start(HttpConfig.loopback(0).withLimits(limits).withCors(new Cors(List.of("https://page.example"))));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** Sends text and reads until the server closes. */
    private String talk(String text) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        String answers =
                talk("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                        + "GET /%41%2Fb?q=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answers).containsSubsequence("GET /1 ", "POST /2 abc", "GET /A/b ");
        assertThat(answers.split("HTTP/1.1 200 OK")).hasSize(4);
    }

    @Test
    void chunkedBodiesAndExpectedContinuesWork() throws IOException {
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                        + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
                .endsWith("POST / abcde");
        assertThat(
                        talk(
                                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
                .startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
                .endsWith("POST / hi");
    }

    @Test
    void oldClientsGetStreamsThatEndWithTheConnection() throws IOException {
        String old = talk("GET /events HTTP/1.0\r\n\r\n");
        assertThat(old)
                .doesNotContainIgnoringCase("transfer-encoding")
                .endsWith("\r\n\r\ndata: 1\n\nevent: two\ndata: 2\n\n");
        String head = talk("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(head).contains("content-length: 8").endsWith("\r\n\r\n");
    }

    @Test
    void whatIsTooLargeIsRefused() throws IOException {
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + "a".repeat(1001)
                        + "\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
        assertThat(talk("GET / HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(40_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(talk("GET /" + "a".repeat(40_000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 414");
        TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
    }

    @Test
    void whatIsNotHttpIsRefused() throws IOException {
        assertThat(talk("\u0016\u0003\u0001 hello\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(talk("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"))
                .startsWith("HTTP/1.1 415");
    }

    @Test
    void aBodyThatGoesWrongIsGivenBack() throws IOException {
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno number\r\n"))
                .startsWith("HTTP/1.1 400");
        TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
    }

    @Test
    void slowClientsAreCutOff() throws IOException {
        server.close();
        start(Duration.ofMillis(700));
        assertThat(talk("GET / HT")).isEmpty();
        assertThat(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"))
                .startsWith("HTTP/1.1 408");
        TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
    }

    @Test
    void aFailingHandlerIsA500AndHarmsNobody() throws IOException {
        String answer = talk(
                "GET /fail HTTP/1.1\r\nHost: x\r\nX-Request-Id: me-1\r\n\r\nGET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answer)
                .contains("HTTP/1.1 500", "x-request-id: me-1", "GET /ok ")
                .doesNotContain("a test's own failure");
    }

    @Test
    void onlyAllowedPagesMayRead() throws IOException {
        String preflight = talk(
                "OPTIONS /v1 HTTP/1.1\r\nHost: x\r\nOrigin: https://page.example\r\n"
                        + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\nConnection: close\r\n\r\n");
        assertThat(preflight)
                .contains(
                        "204",
                        "access-control-allow-origin: https://page.example",
                        "access-control-allow-headers: authorization");
        String other = talk("GET / HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n");
        assertThat(other).startsWith("HTTP/1.1 200").doesNotContain("access-control-allow-origin");
        String error =
                talk("GET /fail HTTP/1.1\r\nHost: x\r\nOrigin: https://page.example\r\nConnection: close\r\n\r\n");
        assertThat(error).contains("HTTP/1.1 500", "access-control-allow-origin: https://page.example");
    }

    @Test
    void aProxysPathMayStandBeforeOurs() throws IOException {
        server.close();
        server = start(HttpConfig.loopback(0).withRootPath("/llm"));
        String answers = talk(String.join(
                        "",
                        List.of("/llm/v1/x", "/v1/x", "/llm", "/llmx").stream()
                                .map(path -> "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                .toList())
                + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answers).containsSubsequence("GET /v1/x ", "GET /v1/x ", "GET / ", "GET /llmx ", "GET / ");
        assertThatThrownBy(() -> HttpConfig.loopback(0).withRootPath("llm/"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTakenPortIsOneSentence() {
        assertThatThrownBy(() -> start(HttpConfig.loopback(server.port())))
                .isInstanceOf(ServerStartException.class)
                .hasMessage("cannot listen on 127.0.0.1:" + server.port()
                        + ": another program does already; choose another --port or stop it");
    }

    @Test
    void aUnixSocketServesAndIsRemoved(@TempDir Path folder) throws IOException {
        Path socket = folder.resolve("s");
        try (HttpServer local = start(HttpConfig.loopback(0).withUnixSocket(socket))) {
            assertThat(local.url()).isEqualTo("unix:" + socket);
            try (var channel = java.nio.channels.SocketChannel.open(java.net.UnixDomainSocketAddress.of(socket))) {
                channel.write(java.nio.ByteBuffer.wrap(
                        "GET /u HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
                String answer = new String(
                        java.nio.channels.Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
                assertThat(answer).endsWith("GET /u ");
            }
        }
        assertThat(socket).doesNotExist();
    }
}
