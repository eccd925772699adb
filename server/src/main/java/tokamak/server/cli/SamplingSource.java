package tokamak.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import tokamak.Engine;
import tokamak.api.SamplingParams;

/** How a served model chooses tokens for requests that do not say: vLLM's {@code --generation-config}. */
final class SamplingSource {
    private static final Map<String, BiConsumer<SamplingParams.Builder, Number>> FIELDS = fields();

    private final boolean isModels;
    private final Map<String, Number> changes;

    private SamplingSource(boolean isModels, Map<String, Number> changes) {
        this.isModels = isModels;
        this.changes = changes;
    }

    private static Map<String, BiConsumer<SamplingParams.Builder, Number>> fields() {
        Map<String, BiConsumer<SamplingParams.Builder, Number>> fields = new TreeMap<>();
        fields.put("temperature", (builder, value) -> builder.temperature(value.doubleValue()));
        fields.put("top_p", (builder, value) -> builder.topP(value.doubleValue()));
        fields.put("top_k", (builder, value) -> builder.topK(value.intValue()));
        fields.put("min_p", (builder, value) -> builder.minP(value.doubleValue()));
        fields.put("repetition_penalty", (builder, value) -> builder.repetitionPenalty(value.doubleValue()));
        fields.put("max_new_tokens", (builder, value) -> builder.maxTokens(value.intValue()));
        return fields;
    }

    /**
     * @param config auto, vllm, or a folder with a generation_config.json
     * @param override a JSON object with changes to that
     */
    static SamplingSource of(String config, Optional<String> override) {
        Map<String, Number> changes = new TreeMap<>();
        boolean isModels = config.equals("auto");
        if (!isModels && !config.equals("vllm")) {
            Path file = Path.of(config).resolve("generation_config.json");
            try {
                Json.numbers(file.toString(), Files.readString(file)).forEach((name, value) -> {
                    if (FIELDS.containsKey(name)) {
                        changes.put(name, value);
                    }
                });
            } catch (IOException e) {
                throw new CliFailure("--generation-config must be auto, vllm or a folder with a generation_config.json,"
                        + " found '" + config + "'");
            }
        }
        override.ifPresent(json -> Json.numbers("--override-generation-config", json)
                .forEach((name, value) -> {
                    if (!FIELDS.containsKey(name)) {
                        throw new CliFailure("--override-generation-config has no field '" + name + "'; there is "
                                + String.join(", ", FIELDS.keySet()));
                    }
                    changes.put(name, value);
                }));
        SamplingSource source = new SamplingSource(isModels, changes);
        source.applyTo(SamplingParams.defaults()); // refuses wrong values before a model is opened
        return source;
    }

    SamplingParams of(Engine engine) {
        return applyTo(isModels ? engine.samplingDefaults() : SamplingParams.defaults());
    }

    private SamplingParams applyTo(SamplingParams params) {
        SamplingParams.Builder builder = params.toBuilder();
        changes.forEach((name, value) -> FIELDS.getOrDefault(name, (b, v) -> {}).accept(builder, value));
        return builder.build();
    }
}
