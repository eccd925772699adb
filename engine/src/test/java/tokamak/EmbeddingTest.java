package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.api.ContextLengthException;
import tokamak.api.EmbeddingRequest;
import tokamak.api.EngineClosedException;
import tokamak.api.GenerationRequest;
import tokamak.api.InvalidRequestException;
import tokamak.api.Pooling;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.api.StepFailedException;
import tokamak.api.TextEmbedding;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class EmbeddingTest {
    private static final int VOCAB = 257;
    private static final EngineConfig CONFIG = EngineConfig.of(Path.of("none")).withBatchLimits(8, 32);

    private static Engine engine(HashModel model, EngineConfig config) {
        LoadedModel loaded = new LoadedModel(
                "hash",
                model,
                ByteTokenizer.create(),
                Optional.empty(),
                Set.of(ByteTokenizer.EOS),
                SamplingParams.defaults(),
                Optional.empty(),
                () -> {});
        return Engine.on(loaded, config);
    }

    private static HashModel model(int numBlocks) {
        return new HashModel(VOCAB, numBlocks, 16, 32, 1024);
    }

    private static List<Prompt> prompts(int count, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] shared = random.ints(100, 0, 250).toArray();
        List<Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = Arrays.copyOf(shared, random.nextInt(1, 100));
            ids[ids.length - 1] = random.nextInt(250);
            prompts.add(new Prompt.Tokens(ids));
        }
        return prompts;
    }

    private static List<float[]> vectors(List<TextEmbedding> embeddings) {
        return embeddings.stream().map(TextEmbedding::vector).toList();
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void aVectorDependsOnItsTextAloneWhateverElseRuns(Pooling pooling) {
        EmbeddingRequest request =
                EmbeddingRequest.of(prompts(150, 1)).withPooling(pooling).notNormalised();
        List<float[]> alone = new ArrayList<>();
        try (Engine engine = engine(model(500), CONFIG)) {
            for (Prompt prompt : request.prompts()) {
                EmbeddingRequest one = EmbeddingRequest.of(List.of(prompt))
                        .withPooling(pooling)
                        .notNormalised();
                alone.addAll(vectors(engine.embed(one.withCacheSalt("" + alone.size()))));
            }
        }
        // Ten blocks short of what eight of them need, so that some are interrupted and computed again.
        try (Engine engine = engine(model(20), CONFIG)) {
            List<TokenStream> others = new ArrayList<>();
            for (Prompt prompt : prompts(20, 2)) {
                others.add(engine.submit(GenerationRequest.of(prompt)
                        .withSampling(SamplingParams.greedy().toBuilder()
                                .maxTokens(40)
                                .ignoreEos(true)
                                .build())));
            }
            List<TextEmbedding> together = engine.embed(request);
            assertThat(vectors(together)).containsExactlyElementsOf(alone);
            assertThat(together.stream().mapToInt(TextEmbedding::cachedTokens).sum() > 0)
                    .as("only the last token's state can be had with a cached prefix")
                    .isEqualTo(pooling == Pooling.LAST);
            for (TokenStream other : others) {
                assertThat(other.collect().usage().completionTokens()).isEqualTo(40);
            }
            TestBooks.requireEmpty(engine);
        }
    }

    @Test
    void vectorsAreCutAndThenScaledToLengthOne() {
        try (Engine engine = engine(model(50), CONFIG)) {
            List<Prompt> texts = List.of(new Prompt.Text("what is meant"));
            float[] raw = engine.embed(EmbeddingRequest.of(texts).notNormalised())
                    .getFirst()
                    .vector();
            assertThat(raw).hasSize(HashModel.STATE_SIZE).isNotEqualTo(new float[HashModel.STATE_SIZE]);
            TextEmbedding cut =
                    engine.embed(EmbeddingRequest.of(texts).withDimensions(3)).getFirst();
            double length = Math.sqrt(raw[0] * raw[0] + raw[1] * raw[1] + raw[2] * raw[2]);
            assertThat(cut.vector()).hasSize(3);
            for (int i = 0; i < 3; i++) {
                assertThat((double) cut.vector()[i]).isCloseTo(raw[i] / length, within(1e-6));
            }
            assertThat(cut.promptTokens()).isEqualTo(engine.tokenize(texts.getFirst()).length);
        }
    }

    @Test
    void whatCantBeEmbeddedIsRefusedWithItsReason() {
        HashModel poisoned = model(100).poison(7);
        try (Engine engine = engine(poisoned, CONFIG)) {
            assertThatThrownBy(() -> engine.embed(EmbeddingRequest.of(List.of())))
                    .isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() -> engine.embed(EmbeddingRequest.of(List.of(new Prompt.Tokens(new int[0])))))
                    .isInstanceOf(InvalidRequestException.class);
            assertThatThrownBy(() ->
                            engine.embed(EmbeddingRequest.of(prompts(1, 1)).withDimensions(9)))
                    .hasMessageContaining("at most 8");
            assertThatThrownBy(() -> engine.embed(EmbeddingRequest.of(List.of(new Prompt.Tokens(new int[1025])))))
                    .isInstanceOf(ContextLengthException.class);
            assertThatThrownBy(() -> engine.embed(EmbeddingRequest.of(
                            List.of(new Prompt.Tokens(new int[] {1}), new Prompt.Tokens(new int[] {7})))))
                    .isInstanceOf(StepFailedException.class);
            // The longest text there is room for.
            assertThat(engine.embed(EmbeddingRequest.of(List.of(new Prompt.Tokens(new int[1024])))))
                    .hasSize(1);
            TestBooks.requireEmpty(engine);
        }
    }

    @Test
    void aCancelledCallLeavesNothingBehind() throws Exception {
        Semaphore gate = new Semaphore(0);
        CountDownLatch stepping = new CountDownLatch(1);
        HashModel model = model(200).beforeStep(step -> {
            stepping.countDown();
            gate.acquireUninterruptibly();
        });
        try (Engine engine = engine(model, CONFIG)) {
            EmbeddingCall call = engine.submit(EmbeddingRequest.of(prompts(300, 3)));
            stepping.await();
            call.cancel();
            gate.release(1_000_000);
            assertThatThrownBy(call::await).isInstanceOf(CancellationException.class);
            TestBooks.requireEmpty(engine);
            engine.close();
            assertThatThrownBy(() -> engine.submit(EmbeddingRequest.of(prompts(1, 1))))
                    .isInstanceOf(EngineClosedException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3-embedding-f32.gguf", "qwen3-embedding-hf"})
    void vectorsAreTheReferences(String name) {
        Path folder = TestData.folder("arch");
        JsonNode golden = new JsonMapper().readTree(folder.resolve("qwen3-embedding.golden.json"));
        try (Engine engine = Engine.open(EngineConfig.of(folder.resolve(name)))) {
            List<Prompt> prompts = new ArrayList<>();
            for (JsonNode prompt : golden.get("prompts")) {
                prompts.add(new Prompt.Tokens(prompt.get("ids")
                        .valueStream()
                        .mapToInt(JsonNode::intValue)
                        .toArray()));
            }
            EmbeddingRequest request = EmbeddingRequest.of(prompts);
            List<float[]> normalised = vectors(engine.embed(request));
            List<float[]> pooled = vectors(engine.embed(request.notNormalised()));
            for (int i = 0; i < prompts.size(); i++) {
                JsonNode expected = golden.get("prompts").get(i);
                // The reference keeps keys and values in 32 bits; the engine in 16.
                assertThat(pooled.get(i)).containsExactly(floats(expected, "pooled_b64"), within(3e-3f));
                assertThat(normalised.get(i)).containsExactly(floats(expected, "normalised_b64"), within(3e-4f));
            }
        }
    }

    private static float[] floats(JsonNode prompt, String field) {
        ByteBuffer bytes = ByteBuffer.wrap(
                        Base64.getDecoder().decode(prompt.get(field).stringValue()))
                .order(ByteOrder.LITTLE_ENDIAN);
        float[] floats = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(floats);
        return floats;
    }
}
