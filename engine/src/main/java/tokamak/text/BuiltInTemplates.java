package tokamak.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Our own templates, for models that bring none. */
final class BuiltInTemplates {
    static final List<String> NAMES =
            List.of("chatml", "gemma", "llama3", "mistral", "phi3", "plain", "vicuna", "zephyr");

    private BuiltInTemplates() {}

    static Optional<String> source(String name) {
        if (!NAMES.contains(name)) {
            return Optional.empty();
        }
        try (InputStream in = BuiltInTemplates.class.getResourceAsStream("templates/" + name + ".jinja")) {
            if (in == null) {
                throw new IllegalStateException("the built-in chat template " + name + " is missing from this build");
            }
            return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The dialect whose tokens a vocabulary has. */
    static String forTokens(Set<String> tokens) {
        if (tokens.contains("<|im_start|>")) {
            return "chatml";
        }
        if (tokens.contains("<|start_header_id|>")) {
            return "llama3";
        }
        if (tokens.contains("<start_of_turn>")) {
            return "gemma";
        }
        if (tokens.contains("[INST]")) {
            return "mistral";
        }
        return tokens.contains("<|assistant|>") && tokens.contains("<|end|>") ? "phi3" : "plain";
    }
}
