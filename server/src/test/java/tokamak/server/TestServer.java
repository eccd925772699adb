package tokamak.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.EngineStats;
import tokamak.TestEngines;
import tokamak.server.access.Access;
import tokamak.server.access.ApiKey;
import tokamak.server.access.KeyLimits;
import tokamak.server.http.HttpConfig;
import tokamak.server.openai.ApiServer;
import tokamak.server.openai.ServedModel;
import tokamak.server.openai.ServedModels;
import tokamak.server.trace.Tracing;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server on a free loopback port, with {@link AlphabetModel} behind it. */
public final class TestServer implements AutoCloseable {
    public static final int CONTEXT = 2048;
    private static final String VERSION = "1.2.3";
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(60))
            .build();
    private final Semaphore steps = new Semaphore(0);
    private volatile boolean gated;
    private volatile long stepNanos;
    public final Engine engine;
    public final ApiServer server;

    public record Answer(int status, JsonNode body, HttpResponse<String> raw) {
        public String text() {
            return body.at("/choices/0/text").stringValue();
        }

        public String error(String field) {
            return body.at("/error/" + field).asString();
        }
    }

    public TestServer() throws IOException {
        this(UnaryOperator.identity(), UnaryOperator.identity());
    }

    public TestServer(UnaryOperator<HttpConfig> http, UnaryOperator<EngineConfig> config) throws IOException {
        this(http, config, Access.open());
    }

    public TestServer(UnaryOperator<HttpConfig> http, UnaryOperator<EngineConfig> config, Access access)
            throws IOException {
        this(http, config, access, Tracing.of(OpenTelemetry.noop(), VERSION));
    }

    /** A server that tells somebody about its requests. */
    public static TestServer traced(OpenTelemetry telemetry) throws IOException {
        return new TestServer(
                UnaryOperator.identity(), UnaryOperator.identity(), Access.open(), Tracing.of(telemetry, VERSION));
    }

    private TestServer(
            UnaryOperator<HttpConfig> http, UnaryOperator<EngineConfig> config, Access access, Tracing tracing)
            throws IOException {
        AlphabetModel model = new AlphabetModel(CONTEXT, step -> {
            if (gated) {
                steps.acquireUninterruptibly();
            }
            LockSupport.parkNanos(stepNanos);
        });
        engine = TestEngines.onBytes(model, config.apply(EngineConfig.of(Path.of("unused"))));
        server = start(engine, http.apply(HttpConfig.loopback(0)), access, tracing);
    }

    /** A server of another model, by the same names. */
    public TestServer(Engine engine) {
        this.engine = engine;
        this.server = start(engine, HttpConfig.loopback(0), Access.open(), Tracing.of(OpenTelemetry.noop(), VERSION));
    }

    private static ApiServer start(Engine engine, HttpConfig http, Access access, Tracing tracing) {
        ServedModel served =
                new ServedModel(engine, List.of("abc", "org/alias"), engine.samplingDefaults(), Instant.now());
        return ApiServer.start(
                http,
                new ServedModels(List.of(served)),
                new ApiServer.Options(VERSION, access, false, Optional.empty(), tracing));
    }

    /** A server that wants this key. */
    public static TestServer withKey(String key, KeyLimits limits) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        ApiKey known = new ApiKey("limited", HexFormat.of().formatHex(hash), limits);
        return new TestServer(UnaryOperator.identity(), UnaryOperator.identity(), Access.of(List.of(known)));
    }

    /** A server that wants one of these keys, each of another caller. */
    public static TestServer withKeys(List<String> keys) throws Exception {
        List<ApiKey> known = new ArrayList<>();
        for (String key : keys) {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            known.add(new ApiKey(key, HexFormat.of().formatHex(hash), KeyLimits.none(), false));
        }
        return new TestServer(UnaryOperator.identity(), UnaryOperator.identity(), Access.of(known));
    }

    // ---- the model's steps

    /** From now on the model waits for {@link #allowSteps}. */
    public void gate() {
        gated = true;
    }

    /** From now on every step takes so long. */
    public void slow(Duration step) {
        stepNanos = step.toNanos();
    }

    public void allowSteps(int count) {
        steps.release(count);
    }

    public void openGate() {
        gated = false;
        steps.release(1000);
    }

    public EngineStats stats() {
        return engine.stats();
    }

    /** Waits until nothing runs and every block is free: answers end a moment before the numbers of their last step. */
    public void awaitRest() {
        await("nothing runs and all blocks are free", () -> {
            EngineStats now = engine.stats();
            return now.numOpenAnswers() == 0 && now.numRequestsRunning() == 0 && now.numKvBlocksUsed() == 0;
        });
    }

    // ---- requests

    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url() + path)).timeout(Duration.ofSeconds(60));
    }

    public Answer get(String path) {
        return send(request(path).GET().build());
    }

    public Answer post(String path, String json) {
        return send(request(path)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    public Answer send(HttpRequest request) {
        try {
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            String type = response.headers().firstValue("content-type").orElse("");
            JsonNode body =
                    type.startsWith("application/json") ? JSON.readTree(response.body()) : JSON.createObjectNode();
            return new Answer(response.statusCode(), body, response);
        } catch (IOException e) {
            throw new AssertionError("the request failed: " + e, e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The data of all events of a stream. */
    public List<String> events(String path, String json) {
        Answer answer = post(path, json);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        assertThat(answer.raw().headers().firstValue("content-type").orElse("")).startsWith("text/event-stream");
        return answer.raw()
                .body()
                .lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6))
                .toList();
    }

    /** The JSON events of a stream that ends with [DONE]. */
    public List<JsonNode> chunks(String path, String json) {
        List<String> events = events(path, json);
        assertThat(events.getLast()).isEqualTo("[DONE]");
        return events.subList(0, events.size() - 1).stream().map(JSON::readTree).toList();
    }

    /** A raw connection. */
    public Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Sends a request on a raw connection without reading its answer. */
    public Socket sendRaw(String path, String json) throws IOException {
        Socket socket = connect();
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        String head =
                "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length + "\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(body);
        socket.getOutputStream().flush();
        return socket;
    }

    /** Waits until something is so; a minute is for a machine that has other things to do. */
    public static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still waiting until %s", what).isLessThan(end);
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() {
        openGate();
        server.close();
        client.close();
    }
}
