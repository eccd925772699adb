package tokamak.text;

import java.text.Normalizer.Form;
import java.util.List;
import java.util.function.IntPredicate;

/** Rewrites text before it is cut into words. */
sealed interface Normalizer {
    String normalize(String text);

    /** Whether the result begins where the text begins: nothing was cut off there. */
    default boolean keepsStart(String text) {
        if (text.isEmpty()) {
            return true;
        }
        String first = text.substring(0, Character.charCount(text.codePointAt(0)));
        return !normalize(first + "x").equals(normalize("x"));
    }

    record Chain(List<Normalizer> steps) implements Normalizer {
        @Override
        public String normalize(String text) {
            String s = text;
            for (Normalizer step : steps) {
                s = step.normalize(s);
            }
            return s;
        }

        @Override
        public boolean keepsStart(String text) {
            String s = text;
            for (Normalizer step : steps) {
                if (!step.keepsStart(s)) {
                    return false;
                }
                s = step.normalize(s);
            }
            return true;
        }
    }

    /** NFC, NFD, NFKC or NFKD. */
    record Unicode(Form form) implements Normalizer {
        @Override
        public String normalize(String text) {
            // Below U+0300 nothing composes, below U+0080 nothing decomposes.
            int limit = form == Form.NFC ? 0x300 : 0x80;
            return all(text, c -> c < limit) ? text : java.text.Normalizer.normalize(text, form);
        }
    }

    /** Character by character: a final sigma is not special. */
    record Lowercase() implements Normalizer {
        @Override
        public String normalize(String text) {
            StringBuilder s = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                if (c == 0x130) {
                    s.append("i\u0307");
                } else {
                    s.appendCodePoint(Character.toLowerCase(c));
                }
            });
            return s.toString();
        }
    }

    record StripAccents() implements Normalizer {
        @Override
        public String normalize(String text) {
            return keep(text, c -> (CharClass.of(c) & CharClass.MARK) == 0);
        }
    }

    /** A pattern's matches become something else. */
    record Replace(TextPattern.Replaceable pattern, String content) implements Normalizer {
        @Override
        public String normalize(String text) {
            return pattern.replaceAll(text, content);
        }
    }

    record Prepend(String content) implements Normalizer {
        @Override
        public String normalize(String text) {
            return text.isEmpty() ? text : content + text;
        }
    }

    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public String normalize(String text) {
            int from = 0;
            int to = text.length();
            while (left && from < to && CharClass.isWhiteSpace(text.charAt(from))) {
                from++;
            }
            while (right && to > from && CharClass.isWhiteSpace(text.charAt(to - 1))) {
                to--;
            }
            return text.substring(from, to);
        }
    }

    /** BERT's. */
    record Bert(boolean cleanText, boolean spaceIdeographs, boolean stripAccents, boolean lowercase)
            implements Normalizer {
        @Override
        public String normalize(String text) {
            String s = text;
            if (cleanText) {
                s = clean(s);
            }
            if (spaceIdeographs) {
                s = spaced(s);
            }
            if (stripAccents) {
                s = keep(
                        new Unicode(Form.NFD).normalize(s),
                        c -> c < 0x300 || Character.getType(c) != Character.NON_SPACING_MARK);
            }
            return lowercase ? new Lowercase().normalize(s) : s;
        }

        private static String clean(String text) {
            StringBuilder s = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                if (CharClass.isWhiteSpace(c) && c != 0xB && c != 0xC && c != 0x85) {
                    s.append(' ');
                } else if (c != 0 && c != 0xFFFD && !isControl(c)) {
                    s.appendCodePoint(c);
                }
            });
            return s.toString();
        }

        private static boolean isControl(int c) {
            return switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
                default -> false;
            };
        }

        private static String spaced(String text) {
            if (all(text, c -> c < 0x3400)) {
                return text;
            }
            StringBuilder s = new StringBuilder(text.length() + 16);
            text.codePoints().forEach(c -> {
                if (isIdeograph(c)) {
                    s.append(' ').appendCodePoint(c).append(' ');
                } else {
                    s.appendCodePoint(c);
                }
            });
            return s.toString();
        }

        private static boolean isIdeograph(int c) {
            return c >= 0x4E00 && c <= 0x9FFF
                    || c >= 0x3400 && c <= 0x4DBF
                    || c >= 0x20000 && c <= 0x2A6DF
                    || c >= 0x2A700 && c <= 0x2B73F
                    || c >= 0x2B740 && c <= 0x2B81F
                    || c >= 0x2B920 && c <= 0x2CEAF
                    || c >= 0xF900 && c <= 0xFAFF
                    || c >= 0x2F800 && c <= 0x2FA1F;
        }
    }

    /** The clean-up of neural machine translation: control characters go, odd spaces become spaces. */
    record Nmt() implements Normalizer {
        @Override
        public String normalize(String text) {
            StringBuilder s = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                boolean gone =
                        c >= 1 && c <= 8 || c == 0xB || c >= 0xE && c <= 0x1F || c == 0x7F || c == 0x8F || c == 0x9F;
                boolean space = c == 9
                        || c == 0xA
                        || c == 0xC
                        || c == 0xD
                        || c == 0x1680
                        || c >= 0x200B && c <= 0x200F
                        || c == 0x2028
                        || c == 0x2029
                        || c == 0x2581
                        || c == 0xFEFF
                        || c == 0xFFFD;
                if (space) {
                    s.append(' ');
                } else if (!gone) {
                    s.appendCodePoint(c);
                }
            });
            return s.toString();
        }
    }

    /** Every byte spelled as a character. */
    record ByteLevel() implements Normalizer {
        @Override
        public String normalize(String text) {
            return ByteAlphabet.spell(text, 0, text.length());
        }
    }

    /** SentencePiece's table of replacements, applied as the Hugging Face library does. */
    record Precompiled(Charsmap charsmap) implements Normalizer {
        @Override
        public String normalize(String text) {
            return charsmap.byGrapheme(text);
        }

        /** The library counts what is left as beginning there, even where the table drops the first character. */
        @Override
        public boolean keepsStart(String text) {
            return true;
        }
    }

    /**
     * What SentencePiece itself does for a unigram model: the table by longest match, spaces made visible and perhaps
     * merged, one perhaps put in front or behind.
     */
    record SentencePiece(Charsmap charsmap, boolean addSpace, boolean mergeSpaces, boolean spaceBehind)
            implements Normalizer {
        @Override
        public String normalize(String text) {
            String mapped = charsmap.byLongestMatch(text);
            StringBuilder s = new StringBuilder(mapped.length() + 8);
            boolean inWord = false;
            boolean begun = false;
            for (int i = 0; i < mapped.length(); i++) {
                char c = mapped.charAt(i);
                if (c == ' ') {
                    inWord = false;
                    if (!mergeSpaces) {
                        s.append('▁');
                    }
                    continue;
                }
                boolean lead = addSpace && !spaceBehind && !begun || mergeSpaces && (begun || !spaceBehind && addSpace);
                if (!inWord && lead) {
                    s.append('▁');
                }
                begun = true;
                inWord = true;
                s.append(c);
            }
            if (addSpace && spaceBehind) {
                s.append('▁');
            }
            return s.toString();
        }
    }

    private static boolean all(String text, IntPredicate what) {
        for (int i = 0; i < text.length(); i++) {
            if (!what.test(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static String keep(String text, IntPredicate what) {
        StringBuilder s = new StringBuilder(text.length());
        text.codePoints().filter(what).forEach(s::appendCodePoint);
        return s.toString();
    }
}
