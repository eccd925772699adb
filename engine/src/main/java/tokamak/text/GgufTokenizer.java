package tokamak.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * Maps the {@code tokenizer.ggml.*} keys of a GGUF file onto the pipeline. What the file leaves to convention is filled in
 * as llama.cpp does: pre-tokenizers by name, default ids, whether a prompt begins with the beginning-of-text token.
 */
final class GgufTokenizer {
    private static final System.Logger LOG = System.getLogger(GgufTokenizer.class.getName());
    private static final String PREFIX = "tokenizer.ggml.";

    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;

    /** Tokens that end an answer, by spelling: converters often name only one of several. */
    private static final Set<String> END_SPELLINGS = Set.of(
            "<|eot_id|>",
            "<|eom_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|return|>",
            "<|call|>",
            "<|endoftext|>",
            "<|end_of_text|>",
            "<|eos|>",
            "<|eot|>",
            "<|end_of_turn|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<EOT>",
            "_<EOT>",
            "[EOT]",
            "[EOS]",
            "< EOT >",
            "<｜end▁of▁sentence｜>",
            "<|END_OF_TURN_TOKEN|>",
            "<|role_end|>",
            "<turn|>");

    private final Metadata m;
    private final List<String> tokens;
    private final long[] types;

    private GgufTokenizer(Metadata m) throws ModelFormatException {
        this.m = m;
        tokens = m.strings(PREFIX + "tokens");
        long[] found = m.integers(PREFIX + "token_type", new long[0]);
        if (found.length != 0 && found.length != tokens.size()) {
            throw new ModelFormatException(m.source() + ": expected " + tokens.size() + " values in " + PREFIX
                    + "token_type, one per token, found " + found.length + ".");
        }
        types = found.length == 0 ? new long[tokens.size()] : found;
    }

    static Tokenizer of(Metadata m) throws ModelFormatException {
        if (!m.has(PREFIX + "model")) {
            throw new ModelFormatException(m.source() + ": expected a tokenizer (" + PREFIX
                    + "model), found none. Give a GGUF file with a vocabulary.");
        }
        String model = m.string(PREFIX + "model");
        return switch (model) {
            case "gpt2", "gemma4" -> new GgufTokenizer(m).byteLevel();
            case "llama" -> new GgufTokenizer(m).sentencePiece();
            case "t5" -> new GgufTokenizer(m).unigram();
            case "bert" -> new GgufTokenizer(m).wordPiece();
            default ->
                throw new ModelFormatException(m.source() + ": expected " + PREFIX
                        + "model to be gpt2, llama, t5 or bert, found '" + model
                        + "', a kind of tokenizer that is not supported. Give the model as a Hugging Face folder with a"
                        + " tokenizer.json.");
        };
    }

    private Tokenizer byteLevel() throws ModelFormatException {
        Vocab vocab = vocab(new double[0]);
        Pieces pieces = vocab.pieces(m.source() + ": " + PREFIX + "tokens");
        GgufPre pre = pre();
        List<String> lines = m.strings(PREFIX + "merges", List.of());
        boolean visibleSpaces = m.string(PREFIX + "pre", "").equals("gemma4");
        Merges merges = new Merges(pieces, lines.size(), visibleSpaces);
        for (int i = lines.size() - 1; i >= 0; i--) {
            addMerge(merges, lines.get(i), i);
        }
        Bpe.Rules rules = new Bpe.Rules(-1, false, visibleSpaces, pre.wholeWords(), false, "", "");
        List<PreTokenizer> steps = new ArrayList<>();
        for (String pattern : pre.patterns()) {
            steps.add(new PreTokenizer.Split(JsonParts.regex(pattern, m.source()), Cutter.Behavior.ISOLATED, false));
        }
        if (!visibleSpaces) {
            steps.add(new PreTokenizer.ByteLevel(false, false));
        }
        TokenModel model = new Bpe(pieces, merges.table(), merges.marksJoin(), rules);
        return build(
                visibleSpaces ? replaceSpaces() : null,
                new PreTokenizer.Chain(steps),
                model,
                template(id("bos", 11), pre.addBos(), id("eos", 11), false),
                visibleSpaces ? spaceDecoder(false) : new Decoder.ByteLevel(),
                11);
    }

    /** Merges whose pieces are missing are of no use; the first of equal ones counts, so they are added backwards. */
    private void addMerge(Merges merges, String line, int rank) throws ModelFormatException {
        int space = line.indexOf(' ', 1);
        if (space < 0) {
            throw new ModelFormatException(m.source() + ": expected two pieces with a space between them as merge "
                    + rank + ", found '" + Vocab.shorten(line) + "'.");
        }
        java.nio.charset.Charset utf8 = java.nio.charset.StandardCharsets.UTF_8;
        merges.add(
                line.substring(0, space).getBytes(utf8),
                line.substring(space + 1).getBytes(utf8),
                0,
                rank);
    }

    private GgufPre pre() throws ModelFormatException {
        String name = m.string(PREFIX + "pre", "");
        if (name.equals("gemma4")) {
            return new GgufPre(List.of("[^\\n]+|[\\n]+"), false, false);
        }
        Optional<GgufPre> pre = GgufPre.named(name);
        if (pre.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: the pre-tokenizer ''{1}'' is not known; using ''default'', so some words may be cut in another"
                            + " way than the model was trained with",
                    m.source(),
                    name);
        }
        return pre.orElseGet(GgufPre::fallback);
    }

    private Tokenizer sentencePiece() throws ModelFormatException {
        double[] scores = scores();
        Vocab vocab = vocab(scores);
        Pieces pieces = vocab.pieces(m.source() + ": " + PREFIX + "tokens");
        Merges merges = Merges.implied(pieces, vocab.scores(), true);
        boolean prefix = m.flag(PREFIX + "add_space_prefix", true);
        OptionalInt unknown = id("unknown", 0);
        Bpe.Rules rules = new Bpe.Rules(unknown.orElse(-1), true, true, false, false, "", "");
        Normalizer spaces = replaceSpaces();
        return build(
                prefix ? new Normalizer.Chain(List.of(new Normalizer.Prepend("▁"), spaces)) : spaces,
                null,
                new Bpe(pieces, merges.table(), merges.marksJoin(), rules),
                template(id("bos", 1), true, id("eos", 2), false),
                spaceDecoder(prefix),
                2);
    }

    private static Normalizer replaceSpaces() {
        return new Normalizer.Replace(new TextPattern.Literal(" "), "▁");
    }

    private static Decoder spaceDecoder(boolean dropFirst) {
        List<Decoder> steps = new ArrayList<>(List.of(
                new Decoder.Replace(new TextPattern.Literal("▁"), " "),
                new Decoder.ByteFallback(),
                new Decoder.Fuse()));
        if (dropFirst) {
            steps.add(new Decoder.Strip(' ', 1, 0));
        }
        return new Decoder.Chain(steps);
    }

    private Tokenizer unigram() throws ModelFormatException {
        double[] scores = scores();
        Vocab vocab = vocab(scores);
        Pieces pieces = vocab.pieces(m.source() + ": " + PREFIX + "tokens");
        double lowest = IntStream.range(0, scores.length)
                .filter(id -> types[id] <= 1)
                .mapToDouble(id -> scores[id])
                .min()
                .orElse(0);
        boolean addSpace = m.flag(PREFIX + "add_space_prefix", true);
        Normalizer normalizer = new Normalizer.SentencePiece(
                charsmap(),
                addSpace,
                m.flag(PREFIX + "remove_extra_whitespaces", false),
                m.flag(PREFIX + "treat_whitespace_as_suffix", false));
        Unigram model = vocab.unigram(
                pieces, lowest, id("unknown", 2).orElse(-1), false, id -> types[id] != CONTROL && types[id] != UNKNOWN);
        return build(
                normalizer,
                null,
                model,
                template(id("bos", -1), false, id("eos", 1), true),
                new Decoder.Metaspace("▁", addSpace),
                1);
    }

    private Charsmap charsmap() throws ModelFormatException {
        long[] values = m.integers(PREFIX + "precompiled_charsmap", new long[0]);
        byte[] blob = new byte[values.length];
        for (int i = 0; i < blob.length; i++) {
            blob[i] = (byte) values[i];
        }
        return Charsmap.parse(blob, m.source() + ": " + PREFIX + "precompiled_charsmap");
    }

    /** Files spell a word's first piece with a mark in front and the others without; BERT's own spelling is "##" for the others. */
    private Tokenizer wordPiece() throws ModelFormatException {
        boolean marked = tokens.stream().anyMatch(token -> token.startsWith("▁"));
        Vocab vocab = new Vocab();
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            boolean asIs = !marked || types[id] == CONTROL || token.startsWith("[") && token.endsWith("]");
            String piece = asIs ? token : token.startsWith("▁") ? token.substring(1) : "##" + token;
            vocab.add(piece, id, 0, m.source() + ": " + PREFIX + "tokens");
        }
        Pieces pieces = vocab.pieces(m.source() + ": " + PREFIX + "tokens");
        OptionalInt first = m.has(PREFIX + "cls_token_id") ? id("cls", 101) : id("bos", 101);
        return build(
                new Normalizer.Bert(true, true, true, true),
                PreTokenizer.bert(),
                new WordPiece(pieces, id("unknown", 100).orElse(-1), "##", 100),
                template(first, true, id("seperator", 102), true),
                new Decoder.WordPiece("##", true),
                -1);
    }

    private Vocab vocab(double[] scores) throws ModelFormatException {
        Vocab vocab = new Vocab();
        String where = m.source() + ": " + PREFIX + "tokens";
        for (int id = 0; id < tokens.size(); id++) {
            vocab.add(tokens.get(id), id, scores.length == 0 ? 0 : scores[id], where);
        }
        return vocab;
    }

    /** One per token. */
    private double[] scores() throws ModelFormatException {
        double[] scores = m.numbers(PREFIX + "scores");
        if (scores.length != tokens.size() || Arrays.stream(scores).anyMatch(Double::isNaN)) {
            throw new ModelFormatException(m.source() + ": expected " + tokens.size() + " numbers in " + PREFIX
                    + "scores, one per token, found " + scores.length + " values.");
        }
        return scores;
    }

    /** The id a key names, or the fallback if it is in the vocabulary. */
    private OptionalInt id(String name, int fallback) throws ModelFormatException {
        String key = PREFIX + name + "_token_id";
        long id = m.integer(key, fallback);
        if (id >= 0 && id < tokens.size()) {
            return OptionalInt.of((int) id);
        }
        if (id == -1 || id == 0xFFFFFFFFL || !m.has(key)) {
            return OptionalInt.empty();
        }
        throw new ModelFormatException(
                m.source() + ": expected " + key + " below " + tokens.size() + ", found " + id + ".");
    }

    private int[] template(OptionalInt first, boolean addFirst, OptionalInt last, boolean addLast)
            throws ModelFormatException {
        IdBuffer ids = new IdBuffer();
        if (m.flag(PREFIX + "add_bos_token", addFirst) && first.isPresent()) {
            ids.add(first.getAsInt());
        }
        ids.add(PipelineTokenizer.TEXT);
        if (m.flag(PREFIX + "add_eos_token", addLast) && last.isPresent()) {
            ids.add(last.getAsInt());
        }
        return ids.toArray();
    }

    private Tokenizer build(
            @Nullable Normalizer normalizer,
            @Nullable PreTokenizer preTokenizer,
            TokenModel model,
            int[] template,
            Decoder decoder,
            int eosFallback)
            throws ModelFormatException {
        Set<Integer> unused = IntStream.range(0, types.length)
                .filter(id -> types[id] == UNUSED)
                .boxed()
                .collect(Collectors.toUnmodifiableSet());
        return new PipelineTokenizer(new PipelineTokenizer.Parts(
                addedTokens(),
                normalizer,
                preTokenizer,
                model,
                template,
                decoder,
                unused,
                id("bos", -1),
                endIds(eosFallback)));
    }

    private List<AddedToken> addedTokens() throws ModelFormatException {
        String name = m.string("general.name", "").toLowerCase(Locale.ROOT);
        boolean phi3 = name.contains("phi-3") || name.contains("phi3");
        List<AddedToken> added = new ArrayList<>();
        for (int id = 0; id < types.length; id++) {
            boolean special = types[id] == CONTROL || types[id] == UNKNOWN;
            String token = tokens.get(id);
            if (!token.isEmpty() && token.length() <= 1024 && (special || types[id] == USER_DEFINED)) {
                boolean strip = phi3 && !Set.of("<unk>", "<s>", "<|endoftext|>").contains(token);
                boolean left =
                        token.equals("<mask>") && m.string(PREFIX + "pre", "").startsWith("jina-v2-");
                added.add(new AddedToken(id, token, special, false, left, strip, false));
            }
        }
        return added;
    }

    private Set<Integer> endIds(int eosFallback) throws ModelFormatException {
        Set<Integer> ends = new LinkedHashSet<>();
        id("eos", eosFallback).ifPresent(ends::add);
        id("eot", -1).ifPresent(ends::add);
        id("eom", -1).ifPresent(ends::add);
        for (int id = 0; id < types.length; id++) {
            if ((types[id] == CONTROL || types[id] == USER_DEFINED) && END_SPELLINGS.contains(tokens.get(id))) {
                ends.add(id);
            }
        }
        // Harmony's messages end with <|end|>, and others follow in the same answer.
        if (tokens.contains("<|call|>") && tokens.contains("<|return|>")) {
            ends.remove(tokens.indexOf("<|end|>"));
        }
        return Set.copyOf(ends);
    }
}
