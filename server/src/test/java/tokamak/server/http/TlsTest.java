package tokamak.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.server.TestServer;

/** Encrypted connections, as the JDK's client sees them. */
class TlsTest {
    @TempDir
    private Path folder;

    private static void echo(Exchange exchange) {
        Request request = exchange.request();
        if (request.path().equals("/events")) {
            EventStream events = exchange.events(Map::of);
            IntStream.range(0, 100).forEach(i -> events.send(String.valueOf(i).getBytes()));
            events.end();
        } else {
            exchange.respond(Response.text(200, request.path() + " " + request.body().length));
        }
    }

    private static HttpServer start(HttpConfig.TlsFiles files) {
        return HttpServer.start(
                HttpConfig.loopback(0).withTls(files),
                TlsTest::echo,
                (status, message) -> Response.text(status, message),
                (r, s, t) -> {});
    }

    private static HttpClient client(SSLContext trust, HttpClient.Version version) {
        return HttpClient.newBuilder().sslContext(trust).version(version).build();
    }

    private static HttpRequest.Builder request(HttpServer server, String path) {
        return HttpRequest.newBuilder(URI.create(server.url() + path));
    }

    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void clientsChooseTheProtocol(HttpClient.Version version) throws Exception {
        TestCertificate certificate = TestCertificate.make(folder);
        try (HttpServer server = start(certificate.writeTo(folder));
                HttpClient client = client(certificate.trusting(), version)) {
            assertThat(server.url()).startsWith("https://");
            HttpRequest post = request(server, "/up")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[3_000_000]))
                    .build();
            HttpResponse<String> answer = client.send(post, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(version);
            assertThat(answer.body()).isEqualTo("/up 3000000");
            List<CompletableFuture<HttpResponse<String>>> streams = IntStream.range(0, 50)
                    .mapToObj(i ->
                            client.sendAsync(request(server, "/events").build(), HttpResponse.BodyHandlers.ofString()))
                    .toList();
            String expected = String.join(
                    "",
                    IntStream.range(0, 100).mapToObj(i -> "data: " + i + "\n\n").toList());
            assertThat(streams)
                    .allSatisfy(stream -> assertThat(stream.join().body()).isEqualTo(expected));
        }
    }

    @Test
    void aRenewedCertificateIsUsedWithoutARestart() throws Exception {
        TestCertificate old = TestCertificate.make(folder);
        TestCertificate renewed = TestCertificate.make(folder);
        HttpConfig.TlsFiles files = old.writeTo(folder);
        try (HttpServer server = start(files)) {
            assertThat(shown(server, old)).isEqualTo(old.certificate());
            renewed.writeTo(folder);
            // File times may be coarse.
            Files.setLastModifiedTime(
                    files.certificate(), FileTime.from(Instant.now().plusSeconds(5)));
            TestServer.await("the new one is shown", () -> {
                try {
                    return shown(server, renewed).equals(renewed.certificate());
                } catch (IOException notYet) {
                    return false;
                }
            });
            assertThatThrownBy(() -> shown(server, old)).isInstanceOf(IOException.class);
        }
    }

    private static Certificate shown(HttpServer server, TestCertificate trusted) throws IOException {
        try (HttpClient client = client(trusted.trusting(), HttpClient.Version.HTTP_2)) {
            HttpResponse<Void> answer =
                    client.send(request(server, "/").build(), HttpResponse.BodyHandlers.discarding());
            return answer.sslSession().orElseThrow().getPeerCertificates()[0];
        } catch (InterruptedException | java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void clientsMayHaveToShowACertificateToo() throws Exception {
        TestCertificate known = TestCertificate.make(folder);
        HttpConfig.TlsFiles files = known.writeTo(folder);
        HttpConfig.ClientCertificates demand =
                new HttpConfig.ClientCertificates(files.certificate(), HttpConfig.Demand.REQUIRED);
        HttpConfig.TlsFiles strict =
                new HttpConfig.TlsFiles(files.certificate(), files.key(), java.util.Optional.of(demand));
        try (HttpServer server = start(strict);
                HttpClient stranger = client(known.trusting(), HttpClient.Version.HTTP_2);
                HttpClient friend = client(known.trustingAndShowing(), HttpClient.Version.HTTP_2)) {
            HttpRequest hello = request(server, "/hello").build();
            assertThat(friend.send(hello, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("/hello 0");
            assertThatThrownBy(() -> stranger.send(hello, HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void filesThatDoNotFitAreOneSentence() throws Exception {
        HttpConfig.TlsFiles files = TestCertificate.make(folder).writeTo(folder);
        Files.writeString(files.key(), "not a key");
        assertThatThrownBy(() -> start(files))
                .isInstanceOf(ServerStartException.class)
                .hasMessageContainingAll("cannot use the certificate", "key.pem", "PEM");
    }
}
