package tokamak.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * The tokenizer of a Hugging Face folder as the {@code tokenizer.*} keys of a GGUF file. Both forms cannot say the same
 * things, so the result is read again and must cut sample texts into the same tokens. What GGUF has no word for and every
 * converter leaves out, is left out: Unicode normalisation, and spaces that special tokens swallow.
 */
public final class GgufVocabulary {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    private static final List<String> SAMPLES = List.of(
            "Hello, world! It's 2024: 1,234.5 + 67 = ?",
            "  two  spaces\n\n\tand lines\r\n   end ",
            "Grüße aus Köln; naïve café — “quoted”…",
            "def f(x):\n    return x**2  # camelCase snake_case HTTPServer\n",
            "你好，世界。こんにちは 안녕하세요 Привет мир مرحبا नमस्ते",
            "🙂👩‍👩‍👧 \u0000 \ufffd <0x41> [x] {y}",
            "don't WE'LL i'm they'Re");

    private final HfCheckpoint checkpoint;
    private final TokenizerJsonFile file;
    private final Tokenizer tokenizer;
    private final Map<String, Object> pairs = new LinkedHashMap<>();

    private GgufVocabulary(HfCheckpoint checkpoint, TokenizerJsonFile file, Tokenizer tokenizer) {
        this.checkpoint = checkpoint;
        this.file = file;
        this.tokenizer = tokenizer;
    }

    /**
     * @param numTokens rows of the embedding; ids beyond the vocabulary become unused tokens
     * @throws ModelFormatException if no GGUF tokenizer cuts texts as this one does
     */
    public static Map<String, Object> pairs(HfCheckpoint checkpoint, int numTokens) throws IOException {
        Path path = checkpoint
                .file("tokenizer.json")
                .orElseThrow(() -> new ModelFormatException(
                        checkpoint.path() + ": expected a tokenizer.json to take the vocabulary from, found none"));
        try (InputStream in = Files.newInputStream(path)) {
            TokenizerJsonFile file = TokenizerJsonFile.read(path.toString(), in);
            GgufVocabulary vocabulary = new GgufVocabulary(checkpoint, file, Tokenizer.of(checkpoint));
            vocabulary.build(numTokens);
            vocabulary.check();
            return vocabulary.pairs;
        }
    }

    private void build(int numTokens) throws IOException {
        if (file.mergeCount() < 0) {
            throw unlike("its model is not BPE");
        }
        boolean sentencePiece = file.model.flag("byte_fallback", false);
        pairs.put(PREFIX + "model", sentencePiece ? "llama" : "gpt2");
        putTokens(Math.max(numTokens, tokenizer.vocabulary().size()), sentencePiece);
        if (sentencePiece) {
            pairs.put(PREFIX + "add_space_prefix", beginsWithSpace());
        } else {
            boolean wholeWords = file.model.flag("ignore_merges", false);
            String name = GgufPre.nameOf(cuts(), wholeWords)
                    .orElseThrow(() -> unlike("GGUF files have no name for the way it cuts words"));
            pairs.put(PREFIX + "pre", name);
            pairs.put(PREFIX + "merges", file.mergeLines());
        }
        putEnds();
        putTemplate();
    }

    private void putTokens(int count, boolean sentencePiece) throws ModelFormatException {
        Vocabulary vocabulary = tokenizer.vocabulary();
        Set<Integer> added = addedIds();
        int unknown = vocabulary.idOf(file.model.string("unk_token", "")).orElse(-1);
        Map<String, Integer> rankOf = sentencePiece ? ranks() : Map.of();
        List<String> tokens = new ArrayList<>(count);
        List<Integer> types = new ArrayList<>(count);
        List<Float> scores = new ArrayList<>(count);
        for (int id = 0; id < count; id++) {
            String piece = id < vocabulary.size() ? vocabulary.piece(id) : "";
            boolean isByte = sentencePiece && piece.matches("<0x[0-9A-F]{2}>");
            types.add(
                    piece.isEmpty()
                            ? UNUSED
                            : id == unknown && sentencePiece
                                    ? UNKNOWN
                                    : vocabulary.isSpecial(id)
                                            ? CONTROL
                                            : isByte ? BYTE : added.contains(id) ? USER_DEFINED : NORMAL);
            tokens.add(piece.isEmpty() ? "[PAD" + id + "]" : piece);
            scores.add(-(float) rankOf.getOrDefault(piece, 0));
        }
        pairs.put(PREFIX + "tokens", tokens);
        if (sentencePiece) {
            pairs.put(PREFIX + "scores", scores);
        }
        pairs.put(PREFIX + "token_type", types);
    }

    private Set<Integer> addedIds() throws ModelFormatException {
        Set<Integer> ids = new java.util.HashSet<>();
        for (Metadata token : file.rest.has("added_tokens") ? file.rest.objects("added_tokens") : List.<Metadata>of()) {
            ids.add((int) token.integer("id"));
        }
        return ids;
    }

    /** SentencePiece has a score for each piece instead of a list of merges: the sooner merged, the higher. */
    private Map<String, Integer> ranks() {
        Map<String, Integer> ranks = new HashMap<>();
        List<String> lines = file.mergeLines();
        for (int i = 0; i < lines.size(); i++) {
            ranks.putIfAbsent(lines.get(i).replaceFirst(" ", ""), i + 1);
        }
        return ranks;
    }

    /** The expressions that cut words, one after another. */
    private List<String> cuts() throws ModelFormatException {
        Optional<Metadata> found = file.rest.object("pre_tokenizer");
        if (found.isEmpty()) {
            return List.of();
        }
        List<Metadata> steps = found.get().string("type").equals("Sequence")
                ? found.get().objects("pretokenizers")
                : List.of(found.get());
        List<String> cuts = new ArrayList<>();
        for (Metadata step : steps) {
            switch (step.string("type")) {
                case "Split" -> cuts.add(step.object("pattern").orElse(step).string("Regex", ""));
                case "Digits" -> cuts.add(step.flag("individual_digits", false) ? "\\p{N}" : "\\p{N}+");
                case "ByteLevel" -> {
                    if (step.flag("use_regex", true)) {
                        cuts.add(GgufPre.GPT2);
                    }
                }
                default -> throw unlike("it has a pre-tokenizer '" + step.string("type") + "'");
            }
        }
        return cuts;
    }

    private boolean beginsWithSpace() {
        int[] ids = tokenizer.encode("a");
        return ids.length > 0 && tokenizer.vocabulary().piece(ids[0]).startsWith("▁");
    }

    private void putEnds() throws IOException {
        int[] nothing = tokenizer.withSpecials(new int[0]);
        OptionalInt bos = tokenizer.bosId();
        if (bos.isPresent()) {
            pairs.put(PREFIX + "bos_token_id", (long) bos.getAsInt());
        }
        boolean addBos = bos.isPresent() && nothing.length > 0 && nothing[0] == bos.getAsInt();
        pairs.put(PREFIX + "add_bos_token", addBos);
        pairs.put(PREFIX + "add_eos_token", nothing.length > (addBos ? 1 : 0));
        for (int end : tokenizer.endIds()) {
            pairs.putIfAbsent(PREFIX + "eos_token_id", (long) end);
        }
        int unknown =
                tokenizer.vocabulary().idOf(file.model.string("unk_token", "")).orElse(-1);
        if (unknown >= 0) {
            pairs.put(PREFIX + "unknown_token_id", (long) unknown);
        }
    }

    private void putTemplate() throws IOException {
        Optional<Path> own = checkpoint.file("chat_template.jinja");
        Optional<Metadata> config = checkpoint.json("tokenizer_config.json");
        if (own.isPresent()) {
            pairs.put("tokenizer.chat_template", Files.readString(own.get()));
        } else if (config.isPresent() && config.get().value("chat_template").orElse(0) instanceof String template) {
            pairs.put("tokenizer.chat_template", template);
        }
    }

    private void check() throws ModelFormatException {
        Tokenizer again = GgufTokenizer.of(new Metadata(checkpoint.path() + " as GGUF", pairs));
        for (String sample : SAMPLES) {
            int[] ids = tokenizer.encodeLiterally(sample);
            if (!Arrays.equals(ids, again.encodeLiterally(sample))
                    || !tokenizer.decode(ids).equals(again.decode(ids))) {
                throw unlike("a GGUF tokenizer of its vocabulary cuts '"
                        + sample.strip().lines().findFirst().orElse("") + "' into other tokens");
            }
        }
    }

    private ModelFormatException unlike(String why) {
        return new ModelFormatException(checkpoint.path() + ": its tokenizer cannot be written to a GGUF file: " + why);
    }
}
