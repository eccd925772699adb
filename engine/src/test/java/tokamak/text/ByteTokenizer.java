package tokamak.text;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** A tokenizer for tests: every byte is a token with its own number, 256 is the end token. */
public final class ByteTokenizer {
    public static final int EOS = 256;

    private ByteTokenizer() {}

    public static Tokenizer create() {
        Map<String, Integer> vocab = new LinkedHashMap<>();
        int next = 256;
        for (int b = 0; b < 256; b++) {
            // The byte-level alphabet of GPT-2: printable Latin-1 stands for itself, the rest is moved up.
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            vocab.put(Character.toString(printable ? b : next++), b);
        }
        Map<String, Object> json = Map.of(
                "model",
                Map.of("type", "BPE", "vocab", vocab, "merges", List.of()),
                "pre_tokenizer",
                Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", false),
                "decoder",
                Map.of("type", "ByteLevel"),
                "added_tokens",
                List.of(Map.of(
                        "id",
                        EOS,
                        "content",
                        "<eos>",
                        "special",
                        true,
                        "lstrip",
                        false,
                        "rstrip",
                        false,
                        "single_word",
                        false,
                        "normalized",
                        false)));
        byte[] bytes = new JsonMapper().writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
        try {
            return TokenizerJson.read("byte tokenizer", new ByteArrayInputStream(bytes), Optional.empty());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
