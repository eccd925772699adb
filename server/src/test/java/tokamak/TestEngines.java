package tokamak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tokamak.api.SamplingParams;
import tokamak.file.Checkpoint;
import tokamak.model.LanguageModel;
import tokamak.text.ChatTemplate;
import tokamak.text.Tokenizer;

/** Engines on models that tests make up. */
public final class TestEngines {
    /** The token that ends an answer; ids below it are bytes. */
    public static final int END = 256;

    private TestEngines() {}

    /** An engine whose tokens are bytes and {@code <|end|>}, and whose chats are {@code role:content;} and so on. */
    public static Engine onBytes(LanguageModel model, EngineConfig config) throws IOException {
        return onBytes(model, config, List.of("<|end|>"));
    }

    /** @param specials special tokens from {@link #END} on; that one ends answers */
    public static Engine onBytes(LanguageModel model, EngineConfig config, List<String> specials) throws IOException {
        Path folder = Files.createTempDirectory("tokamak-test");
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), tokenizerJson(specials));
        Path template = Files.writeString(folder.resolve("tokenizer_config.json"), """
            {"chat_template": "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}{% if add_generation_prompt %}{{ start | default('a') }}{% endif %}"}
            """);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            LoadedModel loaded = new LoadedModel(
                    "bytes",
                    model,
                    Tokenizer.of(checkpoint),
                    Optional.of(ChatTemplate.of(checkpoint)),
                    Set.of(END),
                    SamplingParams.defaults(),
                    Optional.empty(),
                    () -> {});
            return Engine.on(loaded, config);
        } finally {
            Files.delete(tokenizer);
            Files.delete(template);
            Files.delete(folder);
        }
    }

    /** The model of some files as the scheduler sees it, for tests that put something of their own around it. */
    public static LanguageModel model(EngineConfig config) {
        return CheckpointLoader.load(config, share -> {}).model();
    }

    private static String tokenizerJson(List<String> specials) {
        List<String> added = new ArrayList<>();
        for (String special : specials) {
            added.add("""
                {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false,
                 "normalized": false, "special": true}""".formatted(END + added.size(), special.replace("\"", "\\\"")));
        }
        List<String> entries = new ArrayList<>();
        int next = 256;
        for (int b = 0; b < 256; b++) {
            // GPT-2's way to write bytes as visible characters.
            boolean visible = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            char letter = (char) (visible ? b : next++);
            entries.add("\"" + (letter == '"' || letter == '\\' ? "\\" : "") + letter + "\": " + b);
        }
        return """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [%s],
             "normalizer": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
             "post_processor": null,
             "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                       "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
                       "vocab": {%s}, "merges": []}}
            """.formatted(String.join(", ", added), String.join(", ", entries));
    }
}
