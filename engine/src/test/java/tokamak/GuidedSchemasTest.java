package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tokamak.api.Completion;
import tokamak.api.FinishReason;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.InvalidRequestException;
import tokamak.api.SamplingParams;
import tokamak.file.Checkpoint;
import tokamak.grammar.RandomSchemas;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;
import tokamak.text.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model that knows nothing, at a high temperature: what it finishes is valid for its schema, as an independent validator
 * judges. With {@code -Dtokamak.full=true} there are more schemas, more seeds, and real vocabularies of tens of thousands of
 * tokens.
 */
class GuidedSchemasTest {
    private static final boolean FULL = Boolean.getBoolean("tokamak.full");
    private static final int NUM_GENERATED = FULL ? 360 : 40;
    private static final int NUM_SEEDS = FULL ? 5 : 2;
    private static final int MAX_TOKENS = 700;
    private static final double TEMPERATURE = 1.5;
    private static final JsonMapper JSON = new JsonMapper();

    private record Case(JsonNode schema, SpecificationVersion version) {}

    private record Result(int numFinished, int numCutOff, int numRefused, List<String> wrong) {}

    @Test
    void finishedAnswersAreValidWithBytesForTokens() throws Exception {
        check("bytes", ByteTokenizer.create(), ByteTokenizer.EOS, generated());
    }

    @Test
    void finishedAnswersAreValidForTheSchemasOfThePublicSuite() throws Exception {
        List<Case> cases = new ArrayList<>(suite("draft2020-12", SpecificationVersion.DRAFT_2020_12));
        cases.addAll(suite("draft7", SpecificationVersion.DRAFT_7));
        if (!FULL) {
            cases.removeIf(each -> each.schema.hashCode() % 16 != 0);
        }
        check("suite", ByteTokenizer.create(), ByteTokenizer.EOS, cases);
    }

    @Test
    void finishedAnswersAreValidWithTokensOfManyBytes() throws Exception {
        for (String name : FULL ? List.of("gpt2", "mistral-v3") : List.of("mistral-v3")) {
            Path folder = TestData.folder("tokenizers/" + name);
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                Tokenizer tokenizer = Tokenizer.of(checkpoint);
                int end = name.equals("gpt2") ? 50256 : 2;
                List<Case> cases = generated();
                check(name, tokenizer, end, FULL ? cases : cases.subList(0, 8));
            }
        }
    }

    private static List<Case> generated() {
        SplittableRandom seeds = new SplittableRandom(Long.getLong("seed", 6));
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < NUM_GENERATED; i++) {
            cases.add(new Case(new RandomSchemas(seeds.split()).document(), SpecificationVersion.DRAFT_2020_12));
        }
        return cases;
    }

    private static List<Case> suite(String draft, SpecificationVersion version) throws IOException {
        List<Case> cases = new ArrayList<>();
        try (Stream<Path> files = Files.list(TestData.folder("json-schema-test-suite/" + draft))) {
            for (Path file : files.sorted().toList()) {
                for (JsonNode group : JSON.readTree(Files.readString(file))) {
                    cases.add(new Case(group.get("schema"), version));
                }
            }
        }
        return cases;
    }

    private static void check(String name, Tokenizer tokenizer, int end, List<Case> cases) throws Exception {
        int vocabSize = tokenizer.vocabulary().size();
        HashModel model = new HashModel(vocabSize, 8 * (MAX_TOKENS / 16 + 2), 16, 64, MAX_TOKENS + 32);
        LoadedModel loaded = new LoadedModel(
                name,
                model,
                tokenizer,
                Optional.empty(),
                Set.of(end),
                SamplingParams.defaults(),
                Optional.empty(),
                () -> {});
        Map<Integer, Double> bias = endings(tokenizer, end, vocabSize);
        List<Result> results = new ArrayList<>();
        try (Engine engine = Engine.on(loaded, EngineConfig.of(Path.of("none")).withBatchLimits(8, 64));
                var threads = Executors.newFixedThreadPool(8)) {
            List<Future<Result>> running = new ArrayList<>();
            for (Case each : cases) {
                running.add(threads.submit(() -> run(engine, each, bias)));
            }
            for (Future<Result> result : running) {
                results.add(result.get());
            }
        }
        int finished = results.stream().mapToInt(Result::numFinished).sum();
        int cutOff = results.stream().mapToInt(Result::numCutOff).sum();
        int refused = results.stream().mapToInt(Result::numRefused).sum();
        List<String> wrong =
                results.stream().flatMap(each -> each.wrong.stream()).toList();
        System.out.println(name + ": " + cases.size() + " schemas, " + refused + " refused, " + finished
                + " answers finished, " + cutOff + " cut off, " + wrong.size() + " not valid");
        assertThat(wrong).isEmpty();
        assertThat(finished).isGreaterThan(cases.size() * NUM_SEEDS / 2);
    }

    /** What ends strings, arrays, objects and answers comes about as often as all the rest. */
    private static Map<Integer, Double> endings(Tokenizer tokenizer, int end, int vocabSize) {
        double weight = TEMPERATURE * (4 + Math.log(0.0094 * vocabSize));
        Map<Integer, Double> bias = new HashMap<>();
        bias.put(end, weight);
        for (String text : List.of("\"", "}", "]", "\"}", "]}", "0", "1")) {
            int[] ids = tokenizer.encode(text);
            if (ids.length > 0) {
                bias.put(ids[ids.length - 1], weight);
            }
        }
        return bias;
    }

    private static Result run(Engine engine, Case each, Map<Integer, Double> bias) {
        int finished = 0;
        int cutOff = 0;
        List<String> wrong = new ArrayList<>();
        for (int seed = 0; seed < NUM_SEEDS; seed++) {
            SamplingParams params = SamplingParams.builder()
                    .temperature(TEMPERATURE)
                    .seed(seed)
                    .maxTokens(MAX_TOKENS)
                    .logitBias(bias)
                    .build();
            GenerationRequest request = GenerationRequest.text("{")
                    .withGuide(new Guide.JsonSchema(each.schema.toString(), true))
                    .withSampling(params);
            Completion answer;
            try (TokenStream stream = engine.submit(request)) {
                if (!stream.warnings().isEmpty()) {
                    return new Result(0, 0, 1, List.of()); // "oneOf" followed as "anyOf" is not exact
                }
                answer = stream.collect().completions().getFirst();
            } catch (InvalidRequestException refused) {
                return new Result(0, 0, 1, List.of());
            }
            if (answer.finishReason() == FinishReason.LENGTH) {
                cutOff++;
            } else {
                finished++;
                judge(each, answer.text()).ifPresent(wrong::add);
            }
        }
        return new Result(finished, cutOff, 0, wrong);
    }

    private static Optional<String> judge(Case each, String text) {
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
                each.version,
                builder -> builder.schemaRegistryConfig(SchemaRegistryConfig.builder()
                        .formatAssertionsEnabled(true)
                        .build()));
        Schema validator = registry.getSchema(each.schema);
        try {
            var errors = validator.validate(text, InputFormat.JSON);
            return errors.isEmpty()
                    ? Optional.empty()
                    : Optional.of("\n" + each.schema + "\n  " + text + "\n  " + errors);
        } catch (RuntimeException e) {
            return Optional.of("\n" + each.schema + "\n  " + text + "\n  " + e);
        }
    }
}
