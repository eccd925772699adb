package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.api.ModelLoadException;
import tokamak.server.AlphabetModel;
import tokamak.server.TestServer;
import tokamak.server.access.Access;
import tokamak.server.access.ApiKey;
import tokamak.server.access.KeyLimits;
import tokamak.server.http.HttpConfig;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Models share memory, are opened when they are asked for, and one that is broken harms no other. */
class SeveralModelsTest {
    private static final long MIB = 1 << 20;
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        client.close();
    }

    private record Answer(int status, JsonNode body) {
        String text() {
            return body.at("/choices/0/text").asString("");
        }

        String error(String field) {
            return body.at("/error/" + field).asString("");
        }
    }

    private static Engine engine() {
        try {
            return TestEngines.onBytes(new AlphabetModel(64, step -> {}), EngineConfig.of(Path.of("unused")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ModelSpec spec(String name, long mebibytes, AtomicInteger opened) {
        return new ModelSpec(
                List.of(name),
                List.of(name + ".gguf"),
                name + ".gguf",
                64,
                mebibytes * MIB,
                () -> {
                    opened.incrementAndGet();
                    return engine();
                },
                Engine::samplingDefaults);
    }

    private static ModelSpec broken(String name) {
        return new ModelSpec(
                List.of(name),
                List.of(),
                name,
                0,
                MIB,
                () -> {
                    throw new ModelLoadException("/srv/models/" + name + ".gguf: the header is damaged", null);
                },
                Engine::samplingDefaults);
    }

    private ApiServer serve(Access access, ServedModel... models) {
        ApiServer server = ApiServer.start(
                HttpConfig.loopback(0),
                new ServedModels(List.of(models)),
                new ApiServer.Options("1", access, false, Optional.of(HttpConfig.loopback(0))));
        open.add(server);
        return server;
    }

    private ApiServer serve(ServedModel... models) {
        return serve(Access.open(), models);
    }

    private Answer send(String url, Optional<String> body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
        body.ifPresent(json -> request.POST(HttpRequest.BodyPublishers.ofString(json)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            boolean isJson = response.body().startsWith("{");
            return new Answer(response.statusCode(), JSON.readTree(isJson ? response.body() : "{}"));
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Answer complete(ApiServer server, String model) {
        return send(
                server.url() + "/v1/completions",
                Optional.of(
                        "{\"model\": \"" + model + "\", \"prompt\": \"a\", \"max_tokens\": 3, \"temperature\": 0}"));
    }

    private Answer order(ApiServer server, String path, String json) {
        return send(server.adminUrl().orElseThrow() + path, Optional.of(json));
    }

    @Test
    void aModelIsOpenedWhenItIsAskedForAndListedBefore() {
        AtomicInteger first = new AtomicInteger();
        AtomicInteger second = new AtomicInteger();
        ModelPool pool = new ModelPool(100 * MIB, Optional.empty(), Duration.ofSeconds(5));
        ApiServer server = serve(pool.add(spec("one", 10, first)), pool.add(spec("two", 10, second)));
        JsonNode list =
                send(server.url() + "/v1/models", Optional.empty()).body().get("data");
        assertThat(list.valueStream().map(model -> model.get("id").asString())).containsExactly("one", "two");
        assertThat(first.get() + second.get()).isZero();

        assertThat(complete(server, "two.gguf").text()).isEqualTo("bcd");
        assertThat(complete(server, "two").text()).isEqualTo("bcd");
        assertThat(complete(server, "").text()).as("the first").isEqualTo("bcd");
        assertThat(first.get()).isEqualTo(1);
        assertThat(second.get()).isEqualTo(1);

        Answer unknown = complete(server, "three");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.error("code")).isEqualTo("model_not_found");
        assertThat(unknown.error("message")).contains("'three'", "'one'", "'two'");
    }

    @Test
    void aModelThatCanNotBeOpenedSaysWhyAndHarmsNoOther() {
        AtomicInteger opened = new AtomicInteger();
        ModelPool pool = new ModelPool(100 * MIB, Optional.empty(), Duration.ofSeconds(5));
        ApiServer server = serve(pool.add(spec("good", 10, opened)), pool.add(broken("bad")));
        assertThat(complete(server, "good").status()).isEqualTo(200);
        for (int i = 0; i < 3; i++) {
            Answer answer = complete(server, "bad");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.error("code")).isEqualTo("model_not_loaded");
            assertThat(answer.error("message")).isEqualTo("bad.gguf: the header is damaged");
        }
        assertThat(complete(server, "good").status()).isEqualTo(200);
        assertThat(opened.get()).isEqualTo(1);
        assertThat(pool.usedBytes()).isEqualTo(10 * MIB);
        JsonNode bad = send(server.adminUrl().orElseThrow() + "/models", Optional.empty())
                .body()
                .at("/models/1");
        assertThat(bad.get("state").asString()).isEqualTo("failed");
        assertThat(bad.get("error").asString()).isEqualTo("/srv/models/bad.gguf: the header is damaged");
    }

    @Test
    void memoryGoesToWhoIsAskedForAndTheLongestUnusedMakesRoom() {
        List<AtomicInteger> opened = List.of(new AtomicInteger(), new AtomicInteger(), new AtomicInteger());
        ModelPool pool = new ModelPool(25 * MIB, Optional.empty(), Duration.ofSeconds(5));
        ApiServer server = serve(
                pool.add(spec("a", 10, opened.get(0))),
                pool.add(spec("b", 10, opened.get(1))),
                pool.add(spec("c", 10, opened.get(2))),
                pool.add(spec("huge", 30, new AtomicInteger())));
        for (String model : List.of("a", "b", "a", "c", "a", "b")) {
            assertThat(complete(server, model).text()).as(model).isEqualTo("bcd");
            assertThat(pool.usedBytes()).isLessThanOrEqualTo(25 * MIB);
        }
        assertThat(opened.stream().map(AtomicInteger::get)).containsExactly(1, 2, 1);
        Answer huge = complete(server, "huge");
        assertThat(huge.status()).isEqualTo(503);
        assertThat(huge.error("message")).contains("takes 30 MiB", "may take 25 MiB");
    }

    @Test
    void aModelInUseIsNotClosedForAnother() throws Exception {
        AtomicInteger opened = new AtomicInteger();
        ModelPool pool = new ModelPool(15 * MIB, Optional.empty(), Duration.ofMillis(200));
        ServedModel busy = pool.add(spec("busy", 10, opened));
        ApiServer server = serve(busy, pool.add(spec("other", 10, opened)));
        ServedModel.Lease lease = busy.lease();
        Answer refused = complete(server, "other");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.error("message")).contains("no memory for the model 'other'");
        CompletableFuture<Answer> waits =
                CompletableFuture.supplyAsync(() -> complete(server, "busy"), Thread::startVirtualThread);
        assertThat(waits.get().status()).isEqualTo(200);
        lease.close();
        // The answer just read may still count as use for longer than others wait for room.
        TestServer.await("there is room", () -> complete(server, "other").status() == 200);
        assertThat(complete(server, "other").text()).isEqualTo("bcd");
        assertThat(busy.state()).isInstanceOf(ModelState.Cold.class);
    }

    @Test
    void manyWhoAskAtOnceOpenItOnce() {
        AtomicInteger opened = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        ModelPool pool = ModelPool.withoutLimits();
        ServedModel model = pool.add(new ModelSpec(
                List.of("slow"),
                List.of(),
                "slow",
                64,
                0,
                () -> {
                    opened.incrementAndGet();
                    awaitQuietly(go);
                    return engine();
                },
                Engine::samplingDefaults));
        ApiServer server = serve(model);
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> complete(server, "slow"), Thread::startVirtualThread));
        }
        TestServer.await("it is being opened", () -> opened.get() == 1);
        go.countDown();
        assertThat(answers.stream().map(answer -> answer.join().text())).containsOnly("bcd");
        assertThat(opened.get()).isEqualTo(1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aModelThatNobodyUsesIsClosedAndOpenedAgain() {
        AtomicInteger opened = new AtomicInteger();
        ModelPool pool = new ModelPool(Long.MAX_VALUE, Optional.of(Duration.ofMillis(50)), Duration.ZERO);
        ServedModel model = pool.add(spec("a", 10, opened));
        ApiServer server = serve(model);
        assertThat(complete(server, "a").text()).isEqualTo("bcd");
        TestServer.await("it is closed", () -> model.state() instanceof ModelState.Cold);
        assertThat(pool.usedBytes()).isZero();
        assertThat(complete(server, "a").text()).isEqualTo("bcd");
        assertThat(opened.get()).isEqualTo(2);
    }

    @Test
    void ordersLoadUnloadSleepAndWake() {
        AtomicInteger opened = new AtomicInteger();
        ModelPool pool = new ModelPool(100 * MIB, Optional.empty(), Duration.ofSeconds(5));
        ServedModel model = pool.add(spec("a", 10, opened));
        ApiServer server = serve(model);
        assertThat(order(server, "/models/load", "{\"model\": \"a\"}")
                        .body()
                        .get("state")
                        .asString())
                .isEqualTo("loaded");
        assertThat(order(server, "/models/unload", "{\"model\": \"a\"}")
                        .body()
                        .get("state")
                        .asString())
                .isEqualTo("unloaded");
        assertThat(complete(server, "a").status()).isEqualTo(200);

        assertThat(order(server, "/sleep", "").body().get("is_sleeping").asBoolean())
                .isTrue();
        assertThat(pool.usedBytes()).isZero();
        Answer asleep = complete(server, "a");
        assertThat(asleep.status()).isEqualTo(503);
        assertThat(asleep.error("code")).isEqualTo("model_asleep");
        assertThat(send(server.url() + "/ready", Optional.empty()).status()).isEqualTo(503);
        assertThat(send(server.url() + "/health/live", Optional.empty()).status())
                .isEqualTo(200);
        assertThat(order(server, "/wake_up", "").body().get("is_sleeping").asBoolean())
                .isFalse();
        assertThat(complete(server, "a").text()).isEqualTo("bcd");
        assertThat(send(server.url() + "/ready", Optional.empty()).status()).isEqualTo(200);
        assertThat(opened.get()).isEqualTo(3);

        assertThat(order(server, "/log-level", "{\"level\": \"loud\"}").error("message"))
                .contains("off, error, warning, info, debug");
        assertThat(order(server, "/drain", "{\"timeout\": 1}")
                        .body()
                        .get("stopping")
                        .asBoolean())
                .isTrue();
        assertThat(server.stopAsked().join()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void ordersNeedAKeyThatMayGiveThem() {
        ApiKey user = new ApiKey("user", ApiKey.of("x", "user-key").hash(), KeyLimits.none());
        ServedModel model =
                new ServedModel(engine(), List.of("a"), tokamak.api.SamplingParams.defaults(), java.time.Instant.now());
        ApiServer server = serve(Access.of(List.of(user, ApiKey.of("owner", "owner-key"))), model);
        String models = server.adminUrl().orElseThrow() + "/models";
        assertThat(send(models, Optional.empty()).status()).isEqualTo(401);
        assertThat(send(models, Optional.empty(), "authorization", "Bearer user-key")
                        .status())
                .isEqualTo(403);
        assertThat(send(models, Optional.empty(), "authorization", "Bearer owner-key")
                        .status())
                .isEqualTo(200);
        assertThat(send(server.adminUrl().orElseThrow() + "/health", Optional.empty())
                        .status())
                .isEqualTo(200);
        assertThat(send(server.url() + "/models", Optional.empty(), "authorization", "Bearer owner-key")
                        .status())
                .as("orders are not taken where clients ask")
                .isEqualTo(404);
    }

    @Test
    void aKeySeesAndOpensOnlyTheModelsItMayUse() {
        AtomicInteger mine = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        ModelPool pool = new ModelPool(Long.MAX_VALUE, Optional.empty(), Duration.ofSeconds(5));
        KeyLimits limits = new KeyLimits(0, 0, 0, KeyLimits.ANY_PRIORITY, Set.of("mine"));
        String hash = ApiKey.of("x", "s3").hash();
        ApiServer server = serve(
                Access.of(List.of(new ApiKey("limited", hash, limits))),
                pool.add(spec("others", 1, others)),
                pool.add(spec("mine", 1, mine)));
        String[] key = {"authorization", "Bearer s3"};
        JsonNode list = send(server.url() + "/v1/models", Optional.empty(), key).body();
        assertThat(list.findValuesAsString("id")).containsExactly("mine");
        assertThat(send(server.url() + "/v1/models/others", Optional.empty(), key)
                        .status())
                .isEqualTo(404);
        String chat = "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]";
        Map<String, String> bodies = Map.of(
                "/v1/completions", "\"prompt\": \"a\"",
                "/v1/chat/completions", chat,
                "/v1/embeddings", "\"input\": \"a\"",
                "/v1/responses", "\"input\": \"a\"",
                "/tokenize", "\"prompt\": \"a\"",
                "/detokenize", "\"tokens\": [97]",
                "/apply-template", chat);
        bodies.forEach((path, fields) -> {
            Answer answer = send(server.url() + path, Optional.of("{\"model\": \"others\", " + fields + "}"), key);
            assertThat(answer.error("code")).as(path).isEqualTo("model_not_found");
        });
        assertThat(others).hasValue(0);
        Answer unnamed =
                send(server.url() + "/v1/completions", Optional.of("{\"prompt\": \"a\", \"max_tokens\": 1}"), key);
        assertThat(unnamed.body().get("model").asString()).isEqualTo("mine");
        assertThat(mine).hasValue(1);
        assertThat(others).hasValue(0);
    }
}
