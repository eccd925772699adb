package tokamak.text;

import java.util.List;
import java.util.regex.Pattern;

/** Cuts normalised text into words, which the model then treats one by one. */
sealed interface PreTokenizer {
    void split(String text, int from, int to, boolean first, PieceSink sink);

    /** One after another, each on the parts of the one before. */
    record Chain(List<PreTokenizer> steps) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            PieceSink next = sink;
            for (PreTokenizer step : steps.reversed()) {
                PieceSink after = next;
                next = (t, f, e, one) -> step.split(t, f, e, one, after);
            }
            next.accept(text, from, to, first);
        }
    }

    /** At the matches of a pattern. */
    record Split(TextPattern pattern, Cutter.Behavior behavior, boolean invert) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            if (pattern instanceof TextPattern.Known known && behavior == Cutter.Behavior.ISOLATED) {
                for (int i = from; i < to; ) {
                    int end = known.splitter().end(text, i, to);
                    sink.accept(text, i, end, first && i == from);
                    i = end;
                }
                return;
            }
            Cutter cutter = new Cutter(text, from, to, first, behavior, invert, sink);
            pattern.findAll(text, from, to, cutter);
            cutter.finish();
        }
    }

    /** GPT-2's: perhaps a space in front, perhaps its expression, then every byte spelled as a character. */
    record ByteLevel(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
        private static final GptSplitter SPLITTER = new GptSplitter(GptSplitter.Words.SPACED, Integer.MAX_VALUE, "");

        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            splitOnly().split(text, from, to, first, (t, f, e, one) -> {
                String spelled = ByteAlphabet.spell(t, f, e);
                sink.accept(spelled, 0, spelled.length(), one);
            });
        }

        /** The same without the spelling. */
        PreTokenizer splitOnly() {
            PreTokenizer regex = new Split(new TextPattern.Known(SPLITTER), Cutter.Behavior.ISOLATED, false);
            List<PreTokenizer> steps = useRegex ? List.of(regex) : List.of();
            return new Chain(addPrefixSpace ? concat(new PrefixSpace(), steps) : steps);
        }

        private static List<PreTokenizer> concat(PreTokenizer head, List<PreTokenizer> tail) {
            return tail.isEmpty() ? List.of(head) : List.of(head, tail.getFirst());
        }
    }

    /** A space in front of what doesn't begin with one. */
    record PrefixSpace() implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            if (text.charAt(from) == ' ') {
                sink.accept(text, from, to, first);
            } else {
                String spaced = " " + text.substring(from, to);
                sink.accept(spaced, 0, spaced.length(), first);
            }
        }
    }

    /** When a mark is put in front of a text. */
    enum Prepend {
        ALWAYS,
        FIRST,
        NEVER
    }

    /** SentencePiece's: spaces become a visible mark, words begin with it. */
    record Metaspace(String mark, Prepend prepend, boolean cut) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            String marked = text.substring(from, to).replace(" ", mark);
            boolean wanted = switch (prepend) {
                case ALWAYS -> true;
                case FIRST -> first;
                case NEVER -> false;
            };
            if (wanted && !marked.startsWith(mark)) {
                marked = mark + marked;
            }
            if (!cut) {
                sink.accept(marked, 0, marked.length(), first);
                return;
            }
            new Split(new TextPattern.Literal(mark), Cutter.Behavior.MERGED_WITH_NEXT, false)
                    .split(marked, 0, marked.length(), first, sink);
        }
    }

    /** Before every mark that does not follow another one: harmless where {@link Bpe#cutsBefore} says so, and faster. */
    record BeforeMark(char mark) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            int start = from;
            for (int at = text.indexOf(mark, from + 1, to); at >= 0; at = text.indexOf(mark, at + 1, to)) {
                if (text.charAt(at - 1) != mark) {
                    sink.accept(text, start, at, first && start == from);
                    start = at;
                }
            }
            sink.accept(text, start, to, first && start == from);
        }
    }

    /**
     * Where the script changes; Hiragana and Katakana go with Han, spaces and unassigned
     * characters with what is before them.
     */
    record Scripts() implements PreTokenizer {
        private static Character.UnicodeScript script(int c) {
            Character.UnicodeScript script = Character.UnicodeScript.of(c);
            return switch (script) {
                case HIRAGANA, KATAKANA -> Character.UnicodeScript.HAN;
                default -> c == 0x30FC ? Character.UnicodeScript.HAN : script;
            };
        }

        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            Character.UnicodeScript last = null;
            int start = -1; // what comes before the first script is dropped
            int c;
            for (int i = from; i < to; i += Character.charCount(c)) {
                c = text.codePointAt(i);
                Character.UnicodeScript script = script(c);
                if (c == ' ' || script == Character.UnicodeScript.UNKNOWN) {
                    continue;
                }
                if (script != last) {
                    if (start >= 0) {
                        sink.accept(text, start, i, first && start == from);
                    }
                    start = i;
                }
                last = script;
            }
            if (start >= 0) {
                sink.accept(text, start, to, first && start == from);
            }
        }
    }

    /** Parts of so many characters. */
    record FixedLength(int length) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, boolean first, PieceSink sink) {
            for (int i = from; i < to; ) {
                int end = i;
                for (int n = 0; n < length && end < to; n++) {
                    end += Character.charCount(text.codePointAt(end));
                }
                sink.accept(text, i, end, first && i == from);
                i = end;
            }
        }
    }

    /** Words and runs of other visible characters. */
    static PreTokenizer whitespace() {
        return new Split(
                new TextPattern.Regex(Pattern.compile("\\w+|[^\\w\\s]+", Pattern.UNICODE_CHARACTER_CLASS)),
                Cutter.Behavior.REMOVED,
                true);
    }

    static PreTokenizer whitespaceSplit() {
        return new Split(new TextPattern.Characters(CharClass::isWhiteSpace), Cutter.Behavior.REMOVED, false);
    }

    /** BERT's: words, and every punctuation mark by itself. */
    static PreTokenizer bert() {
        return new Chain(List.of(whitespaceSplit(), punctuation(Cutter.Behavior.ISOLATED)));
    }

    static PreTokenizer punctuation(Cutter.Behavior behavior) {
        return new Split(new TextPattern.Characters(CharClass::isPunctuation), behavior, false);
    }

    static PreTokenizer digits(boolean individual) {
        return new Split(
                new TextPattern.Characters(CharClass::isNumber),
                individual ? Cutter.Behavior.ISOLATED : Cutter.Behavior.CONTIGUOUS,
                false);
    }
}
