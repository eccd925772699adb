package tokamak.text;

import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/** The steps of a {@code tokenizer.json}, one object with a "type" each. */
final class JsonParts {
    private static final int MAX_TEMPLATE = 1024;

    private final ToIntFunction<String> finder; // id of a piece or added token, -1 none

    JsonParts(ToIntFunction<String> finder) {
        this.finder = finder;
    }

    int find(String piece) {
        return finder.applyAsInt(piece);
    }

    @Nullable
    Normalizer normalizer(Optional<Metadata> step) throws ModelFormatException {
        return step.isEmpty() ? null : normalizer(step.get());
    }

    private Normalizer normalizer(Metadata m) throws ModelFormatException {
        String type = m.string("type");
        return switch (type) {
            case "Sequence" -> {
                List<Normalizer> steps = new ArrayList<>();
                for (Metadata step : m.objects("normalizers")) {
                    steps.add(normalizer(step));
                }
                yield new Normalizer.Chain(steps);
            }
            case "NFC", "NFD", "NFKC", "NFKD" -> new Normalizer.Unicode(Form.valueOf(type));
            case "Lowercase" -> new Normalizer.Lowercase();
            case "StripAccents" -> new Normalizer.StripAccents();
            case "Replace" -> new Normalizer.Replace(replaceable(m), m.string("content"));
            case "Prepend" -> new Normalizer.Prepend(m.string("prepend"));
            case "Strip" -> new Normalizer.Strip(m.flag("strip_left", true), m.flag("strip_right", true));
            case "BertNormalizer" -> {
                boolean lowercase = m.flag("lowercase", true);
                yield new Normalizer.Bert(
                        m.flag("clean_text", true),
                        m.flag("handle_chinese_chars", true),
                        m.flag("strip_accents", lowercase),
                        lowercase);
            }
            case "Nmt" -> new Normalizer.Nmt();
            case "ByteLevel" -> new Normalizer.ByteLevel();
            case "Precompiled" -> new Normalizer.Precompiled(charsmap(m));
            default -> throw unknown(m, "normalizer", type);
        };
    }

    private static Charsmap charsmap(Metadata m) throws ModelFormatException {
        String base64 = m.string("precompiled_charsmap", "");
        try {
            return Charsmap.parse(Base64.getDecoder().decode(base64), m.source() + ": precompiled_charsmap");
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    m.source() + ": expected precompiled_charsmap in base64, found something else.", e);
        }
    }

    private static TextPattern pattern(Metadata m) throws ModelFormatException {
        Metadata pattern = patternObject(m);
        return pattern.has("String")
                ? new TextPattern.Literal(pattern.string("String"))
                : regex(pattern.string("Regex"), m.source());
    }

    private static TextPattern.Replaceable replaceable(Metadata m) throws ModelFormatException {
        Metadata pattern = patternObject(m);
        return pattern.has("String")
                ? new TextPattern.Literal(pattern.string("String"))
                : new TextPattern.Regex(compiled(pattern.string("Regex"), m.source(), TextPattern::toJava));
    }

    /** "pattern": {"String": ...} or {"Regex": ...}; older files have the string alone. */
    private static Metadata patternObject(Metadata m) throws ModelFormatException {
        if (m.value("pattern").orElse(null) instanceof String plain) {
            return new Metadata(m.source(), Map.of("String", plain));
        }
        return m.object("pattern")
                .orElseThrow(() -> new ModelFormatException(
                        m.source() + ": expected a pattern, {\"String\": ...} or {\"Regex\": ...}, found none."));
    }

    static TextPattern regex(String regex, String where) throws ModelFormatException {
        return compiled(regex, where, TextPattern::compile);
    }

    private static <T> T compiled(String regex, String where, Function<String, T> compile) throws ModelFormatException {
        try {
            return compile.apply(regex);
        } catch (PatternSyntaxException | StackOverflowError e) {
            throw new ModelFormatException(
                    where + ": expected a regular expression, found '" + Vocab.shorten(regex) + "'.", e);
        }
    }

    @Nullable
    PreTokenizer preTokenizer(Optional<Metadata> step) throws ModelFormatException {
        return step.isEmpty() ? null : preTokenizer(step.get());
    }

    private PreTokenizer preTokenizer(Metadata m) throws ModelFormatException {
        String type = m.string("type");
        return switch (type) {
            case "Sequence" -> {
                List<PreTokenizer> steps = new ArrayList<>();
                for (Metadata step : m.objects("pretokenizers")) {
                    steps.add(preTokenizer(step));
                }
                yield new PreTokenizer.Chain(steps);
            }
            case "ByteLevel" -> new PreTokenizer.ByteLevel(m.flag("add_prefix_space", true), m.flag("use_regex", true));
            case "Split" -> new PreTokenizer.Split(splitPattern(m), behavior(m, "Isolated"), m.flag("invert", false));
            case "Metaspace" ->
                new PreTokenizer.Metaspace(m.string("replacement", "▁"), prepend(m), m.flag("split", true));
            case "BertPreTokenizer" -> PreTokenizer.bert();
            case "Digits" -> PreTokenizer.digits(m.flag("individual_digits", false));
            case "Punctuation" -> PreTokenizer.punctuation(behavior(m, "Isolated"));
            case "Whitespace" -> PreTokenizer.whitespace();
            case "WhitespaceSplit" -> PreTokenizer.whitespaceSplit();
            case "CharDelimiterSplit" ->
                new PreTokenizer.Split(new TextPattern.Literal(m.string("delimiter")), Cutter.Behavior.REMOVED, false);
            case "UnicodeScripts" -> new PreTokenizer.Scripts();
            case "FixedLength" ->
                new PreTokenizer.FixedLength((int) Math.clamp(m.integer("length", 5), 1, Integer.MAX_VALUE));
            default -> throw unknown(m, "pre-tokenizer", type);
        };
    }

    private static TextPattern splitPattern(Metadata m) throws ModelFormatException {
        return pattern(m);
    }

    private static Cutter.Behavior behavior(Metadata m, String fallback) throws ModelFormatException {
        String name = m.string("behavior", fallback);
        return switch (name.toLowerCase(Locale.ROOT).replace("_", "")) {
            case "removed" -> Cutter.Behavior.REMOVED;
            case "isolated" -> Cutter.Behavior.ISOLATED;
            case "mergedwithprevious" -> Cutter.Behavior.MERGED_WITH_PREVIOUS;
            case "mergedwithnext" -> Cutter.Behavior.MERGED_WITH_NEXT;
            case "contiguous" -> Cutter.Behavior.CONTIGUOUS;
            default ->
                throw new ModelFormatException(m.source() + ": expected a behavior Removed, Isolated,"
                        + " MergedWithPrevious, MergedWithNext or Contiguous, found '" + name + "'.");
        };
    }

    private static PreTokenizer.Prepend prepend(Metadata m) throws ModelFormatException {
        String name = m.string("prepend_scheme", m.flag("add_prefix_space", true) ? "always" : "never");
        return switch (name) {
            case "always" -> PreTokenizer.Prepend.ALWAYS;
            case "first" -> PreTokenizer.Prepend.FIRST;
            case "never" -> PreTokenizer.Prepend.NEVER;
            default ->
                throw new ModelFormatException(
                        m.source() + ": expected a prepend_scheme always, first or never, found '" + name + "'.");
        };
    }

    /** The ids around a prompt, {@link PipelineTokenizer#TEXT} where the text goes. */
    int[] template(Optional<Metadata> step) throws ModelFormatException {
        return step.isEmpty() ? new int[] {PipelineTokenizer.TEXT} : template(step.get());
    }

    private int[] template(Metadata m) throws ModelFormatException {
        String type = m.string("type");
        return switch (type) {
            case "ByteLevel" -> new int[] {PipelineTokenizer.TEXT};
            case "BertProcessing", "RobertaProcessing" ->
                new int[] {named(m, "cls"), PipelineTokenizer.TEXT, named(m, "sep")};
            case "TemplateProcessing" -> single(m);
            case "Sequence" -> {
                int[] all = {PipelineTokenizer.TEXT};
                for (Metadata step : m.objects("processors")) {
                    all = around(all, template(step), m.source());
                }
                yield all;
            }
            default -> throw unknown(m, "post-processor", type);
        };
    }

    /** ["[CLS]", 101] */
    private int named(Metadata m, String key) throws ModelFormatException {
        if (m.value(key).orElse(null) instanceof List<?> pair
                && pair.size() == 2
                && pair.get(1) instanceof Long id
                && id >= 0
                && id < Integer.MAX_VALUE) {
            return (int) (long) id;
        }
        throw new ModelFormatException(
                m.source() + ": expected " + key + " to be a list [token, id], found " + m.describe(key) + ".");
    }

    private int[] single(Metadata m) throws ModelFormatException {
        IdBuffer ids = new IdBuffer();
        Metadata specials = m.object("special_tokens").orElse(new Metadata(m.source(), Map.of()));
        for (Metadata item : m.objects("single")) {
            if (item.has("Sequence")) {
                ids.add(PipelineTokenizer.TEXT);
                continue;
            }
            Metadata token = item.object("SpecialToken")
                    .orElseThrow(() -> new ModelFormatException(
                            m.source() + ": expected a Sequence or a SpecialToken in \"single\", found neither."));
            String name = token.string("id");
            Optional<Metadata> special = specials.object(name);
            if (special.isEmpty()) {
                throw new ModelFormatException(
                        m.source() + ": expected '" + name + "' among its special_tokens, found none.");
            }
            for (long id : special.get().integers("ids")) {
                if (id < 0 || id > Integer.MAX_VALUE - 8) {
                    throw new ModelFormatException(
                            m.source() + ": expected an id for '" + name + "', found " + id + ".");
                }
                ids.add((int) id);
            }
        }
        return ids.toArray();
    }

    /** Puts what is inside where the outer template has its text. */
    private static int[] around(int[] inside, int[] outer, String where) throws ModelFormatException {
        IdBuffer ids = new IdBuffer();
        for (int id : outer) {
            if (id == PipelineTokenizer.TEXT) {
                ids.addAll(inside);
            } else {
                ids.add(id);
            }
            if (ids.size() > MAX_TEMPLATE) {
                throw new ModelFormatException(
                        where + ": expected at most " + MAX_TEMPLATE + " tokens around a prompt, found more.");
            }
        }
        return ids.toArray();
    }

    Decoder decoder(Metadata m) throws ModelFormatException {
        String type = m.string("type");
        return switch (type) {
            case "Sequence" -> {
                List<Decoder> steps = new ArrayList<>();
                for (Metadata step : m.objects("decoders")) {
                    steps.add(decoder(step));
                }
                yield new Decoder.Chain(steps);
            }
            case "ByteLevel" -> new Decoder.ByteLevel();
            case "ByteFallback" -> new Decoder.ByteFallback();
            case "Fuse" -> new Decoder.Fuse();
            case "Replace" -> new Decoder.Replace(replaceable(m), m.string("content"));
            case "Strip" -> {
                String content = m.string("content", " ");
                yield new Decoder.Strip(
                        content.isEmpty() ? -1 : content.codePointAt(0),
                        (int) Math.clamp(m.integer("start", 0), 0, Integer.MAX_VALUE),
                        (int) Math.clamp(m.integer("stop", 0), 0, Integer.MAX_VALUE));
            }
            case "Metaspace" ->
                new Decoder.Metaspace(m.string("replacement", "▁"), prepend(m) != PreTokenizer.Prepend.NEVER);
            case "WordPiece" -> new Decoder.WordPiece(m.string("prefix", "##"), m.flag("cleanup", true));
            case "BPEDecoder" -> new Decoder.WordSuffix(m.string("suffix", "</w>"));
            case "CTC" ->
                new Decoder.Ctc(
                        m.string("pad_token", "<pad>"), m.string("word_delimiter_token", "|"), m.flag("cleanup", true));
            default -> throw unknown(m, "decoder", type);
        };
    }

    private static ModelFormatException unknown(Metadata m, String what, String type) {
        return new ModelFormatException(
                m.source() + ": expected a " + what + " of a known type, found '" + Vocab.shorten(type) + "'.");
    }
}
