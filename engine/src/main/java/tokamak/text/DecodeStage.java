package tokamak.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One step of decoding as a machine: takes tokens in fragments and passes on fragments as soon as nothing that comes
 * later can change them. A token is any number of fragments and then {@link #endToken}; after the last token comes
 * {@link #end}.
 */
abstract sealed class DecodeStage {
    abstract void fragment(String text);

    abstract void endToken();

    abstract void end();

    /** The machine for a decoder; its text goes to {@code out}. */
    static DecodeStage of(Decoder decoder, StringBuilder out) {
        return build(decoder, new Output(out));
    }

    private static DecodeStage build(Decoder decoder, DecodeStage next) {
        return switch (decoder) {
            case Decoder.Chain chain -> {
                DecodeStage stage = next;
                for (Decoder step : chain.steps().reversed()) {
                    stage = build(step, stage);
                }
                yield stage;
            }
            case Decoder.Fuse fuse -> new Fuse(next);
            case Decoder.Strip strip -> new Strip(strip, next);
            case Decoder.Metaspace metaspace -> new Metaspace(metaspace, next);
            case Decoder.ByteLevel d -> new Whole(new ByteLevelText(), next);
            case Decoder.ByteFallback d -> new Whole(new ByteFallbackText(), next);
            case Decoder.Replace r ->
                r.pattern() instanceof TextPattern.Literal literal
                        ? new ReplaceLiteral(literal.string(), r.content(), next)
                        : new Whole(new RegexText(r), next);
            case Decoder.WordPiece d -> new Whole(new WordPieceText(d), next);
            case Decoder.WordSuffix d -> new Whole(new WordSuffixText(d.suffix()), next);
            case Decoder.Ctc d -> new Whole(new CtcText(d), next);
            case Decoder.Spaced d -> new Whole(new SpacedText(), next);
        };
    }

    private static final class Output extends DecodeStage {
        private final StringBuilder out;

        Output(StringBuilder out) {
            this.out = out;
        }

        @Override
        void fragment(String text) {
            out.append(text);
        }

        @Override
        void endToken() {}

        @Override
        void end() {}
    }

    private static final class Fuse extends DecodeStage {
        private final DecodeStage next;

        Fuse(DecodeStage next) {
            this.next = next;
        }

        @Override
        void fragment(String text) {
            next.fragment(text);
        }

        @Override
        void endToken() {}

        @Override
        void end() {
            next.endToken();
            next.end();
        }
    }

    private static final class Strip extends DecodeStage {
        private final Decoder.Strip rule;
        private final DecodeStage next;
        private int toDrop; // still to be dropped at the start of this token
        private final StringBuilder held = new StringBuilder(); // may be dropped at its end
        private int numHeld;

        Strip(Decoder.Strip rule, DecodeStage next) {
            this.rule = rule;
            this.next = next;
            toDrop = rule.start();
        }

        @Override
        void fragment(String text) {
            StringBuilder out = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                if (toDrop > 0 && c == rule.content()) {
                    toDrop--;
                    return;
                }
                toDrop = 0;
                if (c == rule.content() && rule.stop() > 0) {
                    held.appendCodePoint(c);
                    if (++numHeld > rule.stop()) {
                        out.appendCodePoint(c);
                        held.setLength(held.length() - Character.charCount(c));
                        numHeld--;
                    }
                } else {
                    out.append(held).appendCodePoint(c);
                    held.setLength(0);
                    numHeld = 0;
                }
            });
            if (!out.isEmpty()) {
                next.fragment(out.toString());
            }
        }

        @Override
        void endToken() {
            held.setLength(0);
            numHeld = 0;
            toDrop = rule.start();
            next.endToken();
        }

        @Override
        void end() {
            next.end();
        }
    }

    /** Holds back what may be the beginning of the string. */
    private static final class ReplaceLiteral extends DecodeStage {
        private final String string;
        private final String content;
        private final DecodeStage next;
        private String held = "";

        ReplaceLiteral(String string, String content, DecodeStage next) {
            this.string = string;
            this.content = content;
            this.next = next;
        }

        @Override
        void fragment(String text) {
            if (string.isEmpty()) {
                next.fragment(text);
                return;
            }
            String all = held + text;
            StringBuilder out = new StringBuilder(all.length());
            int at = 0;
            int found;
            while ((found = all.indexOf(string, at)) >= 0) {
                out.append(all, at, found).append(content);
                at = found + string.length();
            }
            int keep = Math.min(string.length() - 1, all.length() - at);
            while (keep > 0 && !string.startsWith(all.substring(all.length() - keep))) {
                keep--;
            }
            out.append(all, at, all.length() - keep);
            held = all.substring(all.length() - keep);
            if (!out.isEmpty()) {
                next.fragment(out.toString());
            }
        }

        @Override
        void endToken() {
            if (!held.isEmpty()) {
                next.fragment(held);
                held = "";
            }
            next.endToken();
        }

        @Override
        void end() {
            next.end();
        }
    }

    private static final class Metaspace extends DecodeStage {
        private final Decoder.Metaspace rule;
        private final DecodeStage next;
        private boolean first = true;

        Metaspace(Decoder.Metaspace rule, DecodeStage next) {
            this.rule = rule;
            this.next = next;
        }

        @Override
        void fragment(String text) {
            next.fragment(text.replace(rule.mark(), first && rule.dropFirst() ? "" : " "));
        }

        @Override
        void endToken() {
            first = false;
            next.endToken();
        }

        @Override
        void end() {
            next.end();
        }
    }

    /** Collects a token and treats it as a whole. */
    private static final class Whole extends DecodeStage {
        private final TokenText rule;
        private final DecodeStage next;
        private String token = "";

        Whole(TokenText rule, DecodeStage next) {
            this.rule = rule;
            this.next = next;
        }

        @Override
        void fragment(String text) {
            token = token.isEmpty() ? text : token.concat(text);
        }

        @Override
        void endToken() {
            String whole = token;
            token = "";
            rule.token(whole, next);
        }

        @Override
        void end() {
            rule.end(next);
            next.end();
        }
    }

    /** What becomes of one whole token. */
    private sealed interface TokenText {
        void token(String token, DecodeStage next);

        default void end(DecodeStage next) {}
    }

    private static void pass(String token, DecodeStage next) {
        next.fragment(token);
        next.endToken();
    }

    private static final class ByteLevelText implements TokenText {
        private final Utf8Stream utf8 = new Utf8Stream();

        @Override
        public void token(String token, DecodeStage next) {
            String text = utf8.push(bytes(token));
            if (!text.isEmpty()) {
                next.fragment(text);
            }
        }

        @Override
        public void end(DecodeStage next) {
            pass(utf8.flush(), next);
        }
    }

    /** The bytes a piece spells in {@link ByteAlphabet}, or its UTF-8 if it has other characters. */
    static byte[] bytes(String piece) {
        byte[] bytes = new byte[piece.length()];
        for (int i = 0; i < bytes.length; i++) {
            int b = ByteAlphabet.byteOf(piece.charAt(i));
            if (b < 0) {
                return piece.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }

    private static final class ByteFallbackText implements TokenText {
        private final ByteArrayOutputStream run = new ByteArrayOutputStream();

        @Override
        public void token(String token, DecodeStage next) {
            if (Bpe.isByteToken(token)) {
                run.write(Integer.parseInt(token, 3, 5, 16));
            } else {
                end(next);
                pass(token, next);
            }
        }

        @Override
        public void end(DecodeStage next) {
            if (run.size() == 0) {
                return;
            }
            byte[] bytes = run.toByteArray();
            run.reset();
            if (Utf8Stream.isValid(bytes)) {
                pass(new String(bytes, StandardCharsets.UTF_8), next);
            } else {
                for (int i = 0; i < bytes.length; i++) {
                    pass("\uFFFD", next);
                }
            }
        }
    }

    private static final class RegexText implements TokenText {
        private final Decoder.Replace rule;

        RegexText(Decoder.Replace rule) {
            this.rule = rule;
        }

        @Override
        public void token(String token, DecodeStage next) {
            pass(new Normalizer.Replace(rule.pattern(), rule.content()).normalize(token), next);
        }
    }

    private static final class WordPieceText implements TokenText {
        private final Decoder.WordPiece rule;
        private boolean first = true;

        WordPieceText(Decoder.WordPiece rule) {
            this.rule = rule;
        }

        @Override
        public void token(String token, DecodeStage next) {
            String text = first ? token : word(rule, token);
            first = false;
            pass(rule.cleanup() ? cleanUp(text) : text, next);
        }
    }

    private static String word(Decoder.WordPiece rule, String token) {
        return token.startsWith(rule.prefix()) ? token.substring(rule.prefix().length()) : " " + token;
    }

    static String cleanUp(String text) {
        return text.replace(" .", ".")
                .replace(" ?", "?")
                .replace(" !", "!")
                .replace(" ,", ",")
                .replace(" ' ", "'")
                .replace(" n't", "n't")
                .replace(" 'm", "'m")
                .replace(" do not", " don't")
                .replace(" 's", "'s")
                .replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    /** The suffix is a space, but nothing at the very end: the last token is held back. */
    private static final class WordSuffixText implements TokenText {
        private final String suffix;
        private @Nullable String held;

        WordSuffixText(String suffix) {
            this.suffix = suffix;
        }

        @Override
        public void token(String token, DecodeStage next) {
            if (held != null) {
                pass(suffix.isEmpty() ? held : held.replace(suffix, " "), next);
            }
            held = token;
        }

        @Override
        public void end(DecodeStage next) {
            if (held != null) {
                pass(suffix.isEmpty() ? held : held.replace(suffix, ""), next);
            }
        }
    }

    private static final class CtcText implements TokenText {
        private final Decoder.Ctc rule;
        private @Nullable String last;

        CtcText(Decoder.Ctc rule) {
            this.rule = rule;
        }

        @Override
        public void token(String token, DecodeStage next) {
            if (token.equals(last)) {
                return;
            }
            last = token;
            String text = text(rule, token);
            if (!text.isEmpty()) {
                pass(text, next);
            }
        }
    }

    private static String text(Decoder.Ctc rule, String token) {
        String text = rule.pad().isEmpty() ? token : token.replace(rule.pad(), "");
        if (!rule.cleanup()) {
            return text;
        }
        text = cleanUp(text);
        return rule.wordDelimiter().isEmpty() ? text : text.replace(rule.wordDelimiter(), " ");
    }

    private static final class SpacedText implements TokenText {
        private boolean first = true;

        @Override
        public void token(String token, DecodeStage next) {
            pass(first ? token : " " + token, next);
            first = false;
        }
    }

    /** The UTF-8 bytes that a token adds in the middle of a text. */
    static byte[] middleBytes(Decoder decoder, String piece) {
        List<Decoder> steps = decoder instanceof Decoder.Chain chain ? chain.steps() : List.of(decoder);
        String s = piece;
        boolean fused = false;
        for (Decoder step : steps) {
            switch (step) {
                case Decoder.ByteLevel d -> {
                    return bytes(s);
                }
                case Decoder.ByteFallback d -> {
                    if (Bpe.isByteToken(s)) {
                        return new byte[] {(byte) Integer.parseInt(s, 3, 5, 16)};
                    }
                }
                case Decoder.Fuse f -> fused = true;
                case Decoder.Strip strip -> s = fused ? s : alone(strip, s);
                case Decoder.Replace r -> s = alone(r, s);
                case Decoder.Metaspace m -> s = s.replace(m.mark(), " ");
                case Decoder.WordPiece w -> s = w.cleanup() ? cleanUp(word(w, s)) : word(w, s);
                case Decoder.WordSuffix w -> s = w.suffix().isEmpty() ? s : s.replace(w.suffix(), " ");
                case Decoder.Ctc c -> s = text(c, s);
                case Decoder.Spaced d -> s = " " + s;
                case Decoder.Chain c -> s = new String(middleBytes(c, s), StandardCharsets.UTF_8);
            }
        }
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private static String alone(Decoder step, String token) {
        StringBuilder out = new StringBuilder();
        DecodeStage stage = of(step, out);
        stage.fragment(token);
        stage.endToken();
        stage.end();
        return out.toString();
    }
}
