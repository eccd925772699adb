package tokamak.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/** Reads a {@code tokenizer.json} of the Hugging Face library into a pipeline. */
final class TokenizerJson {
    private final String source;
    private final TokenizerJsonFile file;

    private TokenizerJson(String source, TokenizerJsonFile file) {
        this.source = source;
        this.file = file;
    }

    static Tokenizer read(Path path, Optional<Metadata> config) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return read(path.toString(), in, config);
        }
    }

    static Tokenizer read(String source, InputStream in, Optional<Metadata> config) throws IOException {
        return new TokenizerJson(source, TokenizerJsonFile.read(source, in)).build(config);
    }

    private Tokenizer build(Optional<Metadata> config) throws ModelFormatException {
        Pieces pieces = file.vocab.pieces(source + ": model.vocab");
        TokenModel model = model(pieces);
        List<AddedToken> added = addedTokens(pieces);
        Map<String, Integer> idOf = new HashMap<>();
        added.forEach(token -> idOf.put(token.content(), token.id()));
        JsonParts steps = new JsonParts(content -> {
            Integer id = idOf.get(content);
            return id != null ? id : pieces.find(content);
        });
        Optional<Metadata> decoder = file.rest.object("decoder");
        OptionalInt bos = named(config, "bos_token", steps);
        OptionalInt eos = named(config, "eos_token", steps);
        Set<Integer> ends = new LinkedHashSet<>();
        eos.ifPresent(ends::add);
        return new PipelineTokenizer(new PipelineTokenizer.Parts(
                added,
                steps.normalizer(file.rest.object("normalizer")),
                steps.preTokenizer(file.rest.object("pre_tokenizer")),
                model,
                steps.template(file.rest.object("post_processor")),
                decoder.isPresent() ? steps.decoder(decoder.get()) : new Decoder.Spaced(),
                Set.of(),
                bos,
                Set.copyOf(ends)));
    }

    /** A special token that {@code tokenizer_config.json} names: a string, or an object with a "content". */
    private static OptionalInt named(Optional<Metadata> config, String key, JsonParts steps)
            throws ModelFormatException {
        if (config.isEmpty() || !config.get().has(key)) {
            return OptionalInt.empty();
        }
        String content = config.get().value(key).orElse("") instanceof Map<?, ?>
                ? config.get().object(key).orElseThrow().string("content")
                : config.get().string(key);
        int id = steps.find(content);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private List<AddedToken> addedTokens(Pieces pieces) throws ModelFormatException {
        List<AddedToken> added = new ArrayList<>();
        if (!file.rest.has("added_tokens")) {
            return added;
        }
        for (Metadata token : file.rest.objects("added_tokens")) {
            String content = token.string("content");
            long written = token.integer("id");
            int id = pieces.find(content);
            if (id < 0 && (written < 0 || written > 8L * pieces.size() + (1 << 16))) {
                throw new ModelFormatException(source + ": expected the id of the added token '"
                        + Vocab.shorten(content) + "' to follow the " + pieces.size() + " of the vocabulary, found "
                        + written + ".");
            }
            if (content.length() > 1024) {
                throw new ModelFormatException(source
                        + ": expected added tokens of at most 1024 characters, found one of " + content.length() + ".");
            }
            boolean special = token.flag("special", false);
            added.add(new AddedToken(
                    id >= 0 ? id : (int) written,
                    content,
                    special,
                    token.flag("single_word", false),
                    token.flag("lstrip", false),
                    token.flag("rstrip", false),
                    token.flag("normalized", !special)));
        }
        return added;
    }

    private TokenModel model(Pieces pieces) throws ModelFormatException {
        Metadata m = file.model;
        String type = m.has("type") ? m.string("type") : guessType(m);
        return switch (type) {
            case "BPE" -> bpe(pieces, m);
            case "Unigram" -> unigram(pieces, m);
            case "WordPiece" ->
                new WordPiece(
                        pieces,
                        unknown(pieces, m.string("unk_token", "[UNK]")),
                        m.string("continuing_subword_prefix", "##"),
                        (int) Math.clamp(m.integer("max_input_chars_per_word", 100), 0, Integer.MAX_VALUE));
            case "WordLevel" -> new WordLevel(pieces, unknown(pieces, m.string("unk_token", "<unk>")));
            default ->
                throw new ModelFormatException(source
                        + ": expected model.type to be BPE, Unigram, WordPiece or WordLevel, found '" + type + "'.");
        };
    }

    private String guessType(Metadata m) {
        if (file.mergeCount() >= 0) {
            return "BPE";
        }
        return file.scored ? "Unigram" : m.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
    }

    private static int unknown(Pieces pieces, String piece) {
        return piece.isEmpty() ? -1 : pieces.find(piece);
    }

    private Bpe bpe(Pieces pieces, Metadata m) throws ModelFormatException {
        if (file.mergeCount() < 0) {
            throw new ModelFormatException(source + ": expected a list model.merges, found none.");
        }
        boolean byteFallback = m.flag("byte_fallback", false);
        String prefix = m.string("continuing_subword_prefix", "");
        Bpe.Rules rules = new Bpe.Rules(
                unknown(pieces, m.string("unk_token", "")),
                m.flag("fuse_unk", false),
                byteFallback,
                m.flag("ignore_merges", false),
                false,
                prefix,
                m.string("end_of_word_suffix", ""));
        Merges merges = new Merges(pieces, file.mergeCount(), byteFallback);
        file.addMergesTo(merges, prefix.getBytes(java.nio.charset.StandardCharsets.UTF_8).length);
        return new Bpe(pieces, merges.table(), merges.marksJoin(), rules);
    }

    private Unigram unigram(Pieces pieces, Metadata m) throws ModelFormatException {
        if (!file.scored) {
            throw new ModelFormatException(source
                    + ": expected model.vocab of a Unigram model to be a list of [piece, score], found an object.");
        }
        double lowest = Arrays.stream(file.vocab.scores()).min().orElse(0);
        long unknown = m.integer("unk_id", -1);
        if (unknown < -1 || unknown >= pieces.size()) {
            throw new ModelFormatException(
                    source + ": expected model.unk_id below " + pieces.size() + ", found " + unknown + ".");
        }
        return file.vocab.unigram(pieces, lowest, (int) unknown, m.flag("byte_fallback", false), id -> true);
    }
}
