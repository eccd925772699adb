package tokamak.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one tokenizer, whatever file it came from: added tokens are found, the rest is normalised, cut into words and
 * turned into ids by the model; a template puts special tokens around; a decoder goes back.
 */
final class PipelineTokenizer implements Tokenizer, Vocabulary {
    /** Stands for the text's ids in a template. */
    static final int TEXT = -1;

    /**
     * What a file says.
     *
     * @param normalizer null: none
     * @param preTokenizer null: none
     * @param template the ids around a prompt, {@link #TEXT} where the text goes
     * @param unused ids that decode to nothing although the file spells them
     */
    record Parts(
            List<AddedToken> added,
            @Nullable Normalizer normalizer,
            @Nullable PreTokenizer preTokenizer,
            TokenModel model,
            int[] template,
            Decoder decoder,
            Set<Integer> unused,
            OptionalInt bosId,
            Set<Integer> endIds) {}

    private final Parts parts;
    private final Pieces pieces;
    private final TokenModel model;
    private final PreTokenizer preTokenizer;
    private final AddedTokens raw; // looked for in the text as it is
    private final AddedTokens normalized; // looked for after normalising
    private final @Nullable AddedToken[] addedById;
    private final Map<String, AddedToken> addedByContent = new HashMap<>();
    private final boolean asksForStart; // a step treats the beginning of the input in its own way
    private final WordCache cache = new WordCache();

    PipelineTokenizer(Parts parts) {
        this.parts = parts;
        pieces = parts.model.pieces();
        int size = pieces.size();
        for (AddedToken token : parts.added) {
            size = Math.max(size, token.id() + 1);
            addedByContent.put(token.content(), token);
        }
        addedById = new AddedToken[size];
        for (AddedToken token : parts.added) {
            addedById[token.id()] = token;
        }
        raw = AddedTokens.of(
                parts.added.stream().filter(token -> !token.normalized()).toList(), UnaryOperator.identity());
        Normalizer normalizer = parts.normalizer;
        normalized = AddedTokens.of(
                parts.added.stream().filter(AddedToken::normalized).toList(),
                normalizer == null ? UnaryOperator.identity() : normalizer::normalize);
        List<PreTokenizer> steps = Shortcuts.flatten(parts.preTokenizer);
        model = Shortcuts.model(steps, parts.model);
        preTokenizer = new PreTokenizer.Chain(Shortcuts.steps(steps, parts.model));
        asksForStart = steps.stream()
                .anyMatch(step -> step instanceof PreTokenizer.Metaspace metaspace
                        && metaspace.prepend() == PreTokenizer.Prepend.FIRST);
    }

    @Override
    public int[] encode(String text) {
        return encode(text, (from, to) -> true);
    }

    @Override
    public int[] encodeLiterally(String text) {
        return encode(text, (from, to) -> false);
    }

    @Override
    public int[] encode(String text, int[] literalRanges) {
        return encode(text, (from, to) -> {
            // The first range that ends behind the start of the token.
            int low = 0;
            int high = literalRanges.length / 2;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (literalRanges[2 * middle + 1] > from) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low == literalRanges.length / 2 || literalRanges[2 * low] >= to;
        });
    }

    private int[] encode(String text, AddedTokens.Guard guard) {
        String whole = withoutLoneSurrogates(text);
        Scratch scratch = new Scratch();
        PieceSink words = (t, from, to, first) -> cache.encode(model, t, from, to, scratch);
        raw.split(whole, 0, whole.length(), guard, new AddedTokens.Parts() {
            @Override
            public void text(int from, int to) {
                encodeText(whole, from, to, guard, words, scratch);
            }

            @Override
            public void token(AddedToken token) {
                scratch.out.add(token.id());
            }
        });
        return scratch.out.toArray();
    }

    private void encodeText(String text, int from, int to, AddedTokens.Guard guard, PieceSink words, Scratch scratch) {
        Normalizer normalizer = parts.normalizer;
        if (normalizer == null && normalized.isEmpty()) {
            preTokenizer.split(text, from, to, from == 0, words);
            return;
        }
        String section = text.substring(from, to);
        String normal = normalizer == null ? section : normalizer.normalize(section);
        boolean allowed = guard.allows(from, to);
        boolean atStart = from == 0 && (normalizer == null || !asksForStart || normalizer.keepsStart(section));
        normalized.split(normal, 0, normal.length(), (f, t) -> allowed, new AddedTokens.Parts() {
            @Override
            public void text(int f, int t) {
                preTokenizer.split(normal, f, t, atStart && f == 0, words);
            }

            @Override
            public void token(AddedToken token) {
                scratch.out.add(token.id());
            }
        });
    }

    static String withoutLoneSurrogates(String text) {
        StringBuilder fixed = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                fixed = fixed == null ? new StringBuilder(text) : fixed;
                fixed.setCharAt(i, '\uFFFD');
            }
        }
        return fixed == null ? text : fixed.toString();
    }

    @Override
    public int[] encodePrompt(String text) {
        return withSpecials(encode(text));
    }

    @Override
    public int[] withSpecials(int[] ids) {
        IdBuffer out = new IdBuffer();
        for (int id : parts.template) {
            if (id == TEXT) {
                out.addAll(ids);
            } else {
                out.add(id);
            }
        }
        return out.toArray();
    }

    @Override
    public String decode(int[] ids) {
        return decode(ids, new Detokenizer(this, id -> true));
    }

    @Override
    public String decodeSkippingSpecial(int[] ids) {
        return decode(ids, detokenizer());
    }

    private static String decode(int[] ids, Detokenizer detokenizer) {
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(detokenizer.push(id));
        }
        return text.append(detokenizer.flush()).toString();
    }

    @Override
    public Detokenizer detokenizer() {
        return new Detokenizer(this, id -> false);
    }

    @Override
    public Detokenizer continuation() {
        return continuation(Set.of());
    }

    @Override
    public Detokenizer continuation(Set<Integer> shownIds) {
        return new Detokenizer(this, shownIds::contains).afterOtherText();
    }

    @Override
    public Vocabulary vocabulary() {
        return this;
    }

    Decoder decoder() {
        return parts.decoder;
    }

    boolean hasToken(int id) {
        return id >= 0 && id < size() && (addedById[id] != null || pieces.has(id)) && !parts.unused.contains(id);
    }

    @Override
    public int size() {
        return addedById.length;
    }

    @Override
    public String piece(int id) {
        if (id < 0 || id >= size()) {
            return "";
        }
        AddedToken added = addedById[id];
        return added != null ? added.content() : pieces.text(id);
    }

    @Override
    public OptionalInt idOf(String piece) {
        AddedToken added = addedByContent.get(piece);
        int id = added != null ? added.id() : pieces.find(piece);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public byte[] bytes(int id) {
        return !hasToken(id) || isSpecial(id) ? new byte[0] : DecodeStage.middleBytes(parts.decoder, piece(id));
    }

    @Override
    public boolean isSpecial(int id) {
        AddedToken added = id < 0 || id >= size() ? null : addedById[id];
        return added != null && added.special();
    }

    @Override
    public OptionalInt bosId() {
        return parts.bosId;
    }

    @Override
    public Set<Integer> endIds() {
        return parts.endIds;
    }
}
