package tokamak;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;
import tokamak.file.Checkpoint;
import tokamak.text.Tokenizer;

/** Run by hand: tokens per second with and without guides, in turn. Arguments: shape, format, sequences, tokens, rounds, and a folder with a tokenizer. */
final class GuideThroughput {
    private static final String SCHEMA = """
            {"type":"array","minItems":40,"maxItems":60,"items":{"type":"object","properties":{
            "name":{"type":"string","minLength":3,"maxLength":30},"age":{"type":"integer","minimum":0,"maximum":150},
            "tags":{"type":"array","items":{"enum":["red","green","blue"]},"maxItems":4},"note":{"type":"string"}},
            "required":["name","age","tags","note"],"additionalProperties":false}}
            """;

    private GuideThroughput() {}

    public static void main(String[] args) throws Exception {
        BenchOptions.Subject.Shape shape = new BenchOptions.Subject.Shape(args[0], args[1]);
        int sequences = Integer.parseInt(args[2]);
        int tokens = Integer.parseInt(args[3]);
        int rounds = Integer.parseInt(args[4]);
        Checkpoint checkpoint = Benchmark.open(shape);
        EngineConfig config =
                EngineConfig.of(shape.path()).withMaxModelLen(1024).withBatchLimits(sequences, 256);
        // A synthetic model's vocabulary can't spell anything: it gets that of a real one.
        Tokenizer tokenizer;
        try (Checkpoint texts = Checkpoint.open(Path.of(args[5]))) {
            tokenizer = Tokenizer.of(texts);
        }
        LoadedModel loaded = CheckpointLoader.load(checkpoint, config, share -> {});
        LoadedModel spelling = new LoadedModel(
                loaded.name(),
                loaded.model(),
                tokenizer,
                loaded.chatTemplate(),
                loaded.eosIds(),
                loaded.samplingDefaults(),
                loaded.kvIdentity(),
                loaded.pooling(),
                loaded.resources());
        try (Engine engine = Engine.on(spelling, config)) {
            engine.prepareGuides();
            double[] ratios = new double[rounds];
            for (int round = -1; round < rounds; round++) {
                double without = run(engine, Optional.empty(), sequences, tokens, round);
                double with = run(engine, Optional.of(new Guide.JsonSchema(SCHEMA, true)), sequences, tokens, round);
                if (round >= 0) {
                    ratios[round] = with / without;
                    System.out.printf(
                            Locale.ROOT,
                            "without %.2f tokens/s, with %.2f, ratio %.3f%n",
                            without,
                            with,
                            ratios[round]);
                }
            }
            Arrays.sort(ratios);
            System.out.printf(Locale.ROOT, "median ratio %.3f%n", ratios[rounds / 2]);
        }
    }

    private static double run(Engine engine, Optional<Guide> guide, int sequences, int tokens, int round) {
        long began = System.nanoTime();
        List<TokenStream> streams = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            GenerationRequest request = GenerationRequest.tokens(7 + i, 8, 9, 10 + round)
                    .withSampling(SamplingParams.builder()
                            .temperature(1)
                            .seed(100L * round + i)
                            .maxTokens(tokens)
                            .ignoreEos(true)
                            .build());
            streams.add(engine.submit(guide.map(request::withGuide).orElse(request)));
        }
        long count = 0;
        for (TokenStream stream : streams) {
            count += stream.collect().usage().completionTokens();
        }
        return count * 1e9 / (System.nanoTime() - began);
    }
}
