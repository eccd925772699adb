package tokamak.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Finds places in a text. */
sealed interface TextPattern {

    /** Tells the cutter every match between two indexes; what lies outside is out of sight. */
    void findAll(String text, int from, int to, Cutter cutter);

    /** A pattern whose matches can become something else. */
    sealed interface Replaceable extends TextPattern permits Literal, Regex {
        /** The text with every match replaced. */
        String replaceAll(String text, String replacement);
    }

    /** A string as it is. */
    record Literal(String string) implements Replaceable {
        @Override
        public String replaceAll(String text, String replacement) {
            return string.isEmpty() ? text : text.replace(string, replacement);
        }

        @Override
        public void findAll(String text, int from, int to, Cutter cutter) {
            if (string.isEmpty()) {
                return;
            }
            int at = text.indexOf(string, from, to);
            while (at >= 0) {
                cutter.match(at, at + string.length());
                at = text.indexOf(string, at + string.length(), to);
            }
        }
    }

    /** Single characters of a kind. */
    record Characters(java.util.function.IntPredicate kind) implements TextPattern {
        @Override
        public void findAll(String text, int from, int to, Cutter cutter) {
            for (int i = from; i < to; ) {
                int c = text.codePointAt(i);
                int width = Character.charCount(c);
                if (kind.test(c)) {
                    cutter.match(i, i + width);
                }
                i += width;
            }
        }
    }

    /** A popular expression with a splitter written by hand; it matches every character. */
    record Known(GptSplitter splitter) implements TextPattern {
        @Override
        public void findAll(String text, int from, int to, Cutter cutter) {
            for (int i = from; i < to; ) {
                int end = splitter.end(text, i, to);
                cutter.match(i, end);
                i = end;
            }
        }
    }

    /** A simple expression as a table. */
    record Runs(CharRuns runs) implements TextPattern {
        @Override
        public void findAll(String text, int from, int to, Cutter cutter) {
            runs.findAll(text, from, to, cutter);
        }
    }

    /** An expression from a file. It may be hostile: the work it may do is limited by the length of the text. */
    record Regex(Pattern pattern) implements Replaceable {
        private static final long STEPS_PER_CHAR = 400;
        private static final long FREE_STEPS = 2_000_000;

        @Override
        public void findAll(String text, int from, int to, Cutter cutter) {
            long steps = FREE_STEPS + STEPS_PER_CHAR * (to - from);
            Matcher matcher = pattern.matcher(new Limited(text, steps, pattern));
            matcher.region(from, to);
            try {
                while (matcher.find()) {
                    cutter.match(matcher.start(), matcher.end());
                }
            } catch (StackOverflowError e) {
                throw new IllegalStateException(tooMuch(pattern, "nests too deeply"), e);
            }
        }

        @Override
        public String replaceAll(String text, String replacement) {
            long steps = FREE_STEPS + STEPS_PER_CHAR * text.length();
            Matcher matcher = pattern.matcher(new Limited(text, steps, pattern));
            try {
                return matcher.replaceAll(Matcher.quoteReplacement(replacement));
            } catch (StackOverflowError e) {
                throw new IllegalStateException(tooMuch(pattern, "nests too deeply"), e);
            }
        }

        static String tooMuch(Pattern pattern, String what) {
            return "The tokenizer's pattern " + pattern + " " + what
                    + " on this text; expected a pattern that takes time in proportion to the text."
                    + " Give a shorter text or a checked tokenizer.json.";
        }
    }

    /** The expression in Java's syntax, or the splitter that does the same. */
    static TextPattern compile(String regex) throws PatternSyntaxException {
        GptSplitter known = GptSplitter.of(regex);
        return known != null
                ? new Known(known)
                : CharRuns.of(regex).<TextPattern>map(Runs::new).orElseGet(() -> new Regex(toJava(regex)));
    }

    /**
     * An Oniguruma (Ruby syntax) expression as a Java pattern: anchors match at every line, only {@code \n} ends a line,
     * classes are Unicode's, {@code \h} is a hexadecimal digit, {@code (?m)} lets the dot match line ends, and ignoring
     * case means Unicode case.
     */
    static Pattern toJava(String regex) throws PatternSyntaxException {
        StringBuilder java = new StringBuilder(regex.length() + 32);
        for (int i = 0; i < regex.length(); i++) {
            char c = regex.charAt(i);
            if (c == '\\' && i + 1 < regex.length()) {
                i = escape(regex, i, java);
            } else if (c == '(' && regex.startsWith("(?", i)) {
                i = flags(regex, i, java);
            } else if (c == '[' && regex.startsWith("[:", i) && regex.indexOf(":]", i) > 0) {
                int end = regex.indexOf(":]", i);
                boolean not = regex.charAt(i + 2) == '^';
                String name = regex.substring(i + (not ? 3 : 2), end);
                java.append(not ? "\\P{" : "\\p{").append(posix(name)).append('}');
                i = end + 1;
            } else {
                java.append(c);
            }
        }
        int flags = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.MULTILINE | Pattern.UNIX_LINES;
        return Pattern.compile(java.toString(), flags);
    }

    private static String posix(String name) {
        if (name.equals("word")) {
            return "IsWord";
        }
        return name.equals("xdigit") ? "XDigit" : Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    /** Copies one escape; returns the index of its last character. */
    private static int escape(String regex, int at, StringBuilder java) {
        char c = regex.charAt(at + 1);
        if (c == 'h') {
            java.append("\\p{XDigit}");
            return at + 1;
        }
        if (c == 'H') {
            java.append("\\P{XDigit}");
            return at + 1;
        }
        // Oniguruma counts Latin-1's superscripts and fractions as word characters, but no others.
        if (c == 'w' || c == 'W') {
            java.append(c == 'w' ? "[" : "[^").append("\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}²³¹¼-¾]");
            return at + 1;
        }
        int end = regex.indexOf('}', at);
        if ((c == 'p' || c == 'P') && at + 2 < regex.length() && regex.charAt(at + 2) == '{' && end > 0) {
            String name = regex.substring(at + 3, end);
            boolean not = c == 'P' ^ name.startsWith("^");
            name = name.startsWith("^") ? name.substring(1) : name;
            java.append(not ? "\\P{" : "\\p{").append(property(name)).append('}');
            return end;
        }
        java.append('\\').append(c);
        return at + 1;
    }

    private static String property(String name) {
        return switch (name.toLowerCase(java.util.Locale.ROOT).replace(" ", "").replace("_", "")) {
            case "letter" -> "L";
            case "uppercaseletter" -> "Lu";
            case "lowercaseletter" -> "Ll";
            case "titlecaseletter" -> "Lt";
            case "modifierletter" -> "Lm";
            case "otherletter" -> "Lo";
            case "mark" -> "M";
            case "nonspacingmark" -> "Mn";
            case "number" -> "N";
            case "decimalnumber" -> "Nd";
            case "punctuation", "punct" -> "P";
            case "symbol" -> "S";
            case "separator" -> "Z";
            case "other" -> "C";
            case "alpha", "alphabetic" -> "IsAlphabetic";
            case "space", "whitespace" -> "IsWhite_Space";
            case "upper", "uppercase" -> "IsUppercase";
            case "lower", "lowercase" -> "IsLowercase";
            case "digit" -> "Nd";
            case "any" -> "IsAssigned";
            default -> {
                // A general category is short; a longer name is a script.
                boolean script =
                        name.length() > 2 && !name.startsWith("Is") && !name.startsWith("In") && !name.contains("=");
                yield script ? "script=" + name : name;
            }
        };
    }

    /** Copies a group's opening, translating its flags; returns the index of its last character. */
    private static int flags(String regex, int at, StringBuilder java) {
        int i = at + 2;
        while (i < regex.length() && "imx-".indexOf(regex.charAt(i)) >= 0) {
            i++;
        }
        java.append("(?");
        if (i < regex.length() && (regex.charAt(i) == ':' || regex.charAt(i) == ')')) {
            java.append(regex.substring(at + 2, i).replace('m', 's'));
            return i - 1;
        }
        return at + 1;
    }

    /** A text that counts how often it is looked at. */
    final class Limited implements CharSequence {
        private final String text;
        private final Pattern pattern;
        private long steps;

        Limited(String text, long steps, Pattern pattern) {
            this.text = text;
            this.steps = steps;
            this.pattern = pattern;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (--steps < 0) {
                throw new IllegalStateException(Regex.tooMuch(pattern, "takes too many steps"));
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
