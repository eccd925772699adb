package tokamak.grammar;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/** The named sets of characters in patterns, as ECMA-262 defines them. */
final class CharacterClasses {
    static final CodePoints DIGIT = CodePoints.range('0', '9');
    static final CodePoints WORD =
            DIGIT.or(CodePoints.range('a', 'z')).or(CodePoints.range('A', 'Z')).or(CodePoints.of('_'));
    static final CodePoints SPACE = CodePoints.anyOf("\t\n\f\r \u000b\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")
            .or(CodePoints.range(0x2000, 0x200a));
    static final CodePoints NOT_LINE_END = CodePoints.anyOf("\n\r\u2028\u2029").not();

    private static final Map<String, String> LONG_CATEGORIES = Map.ofEntries(
            Map.entry("letter", "l"),
            Map.entry("uppercase_letter", "lu"),
            Map.entry("lowercase_letter", "ll"),
            Map.entry("titlecase_letter", "lt"),
            Map.entry("modifier_letter", "lm"),
            Map.entry("other_letter", "lo"),
            Map.entry("mark", "m"),
            Map.entry("nonspacing_mark", "mn"),
            Map.entry("spacing_mark", "mc"),
            Map.entry("enclosing_mark", "me"),
            Map.entry("number", "n"),
            Map.entry("decimal_number", "nd"),
            Map.entry("digit", "nd"),
            Map.entry("letter_number", "nl"),
            Map.entry("other_number", "no"),
            Map.entry("punctuation", "p"),
            Map.entry("punct", "p"),
            Map.entry("symbol", "s"),
            Map.entry("math_symbol", "sm"),
            Map.entry("currency_symbol", "sc"),
            Map.entry("separator", "z"),
            Map.entry("space_separator", "zs"),
            Map.entry("line_separator", "zl"),
            Map.entry("paragraph_separator", "zp"),
            Map.entry("dash_punctuation", "pd"),
            Map.entry("open_punctuation", "ps"),
            Map.entry("close_punctuation", "pe"),
            Map.entry("connector_punctuation", "pc"),
            Map.entry("initial_punctuation", "pi"),
            Map.entry("final_punctuation", "pf"),
            Map.entry("other_punctuation", "po"),
            Map.entry("modifier_symbol", "sk"),
            Map.entry("other_symbol", "so"),
            Map.entry("combining_mark", "m"),
            Map.entry("control", "cc"),
            Map.entry("cntrl", "cc"),
            Map.entry("format", "cf"),
            Map.entry("private_use", "co"),
            Map.entry("unassigned", "cn"),
            Map.entry("other", "c"));

    private CharacterClasses() {}

    /** A general category, a script or a binary property. */
    static Optional<CodePoints> property(String written) {
        int equals = written.indexOf('=');
        String key = equals < 0 ? "" : written.substring(0, equals).toLowerCase(Locale.ROOT);
        String name = written.substring(equals + 1);
        return switch (key) {
            case "" ->
                category(name).or(() -> binary(name)).or(() -> script(name)).map(CodePoints::where);
            case "general_category", "gc" -> category(name).map(CodePoints::where);
            case "script", "sc", "script_extensions", "scx" -> script(name).map(CodePoints::where);
            default -> Optional.empty();
        };
    }

    /** POSIX's named classes, of ASCII only. */
    static Optional<CodePoints> posix(String name) {
        CodePoints lower = CodePoints.range('a', 'z');
        CodePoints upper = CodePoints.range('A', 'Z');
        CodePoints alpha = lower.or(upper);
        CodePoints graph = CodePoints.range('!', '~');
        return Optional.ofNullable(
                switch (name) {
                    case "alpha" -> alpha;
                    case "digit" -> DIGIT;
                    case "alnum" -> alpha.or(DIGIT);
                    case "lower" -> lower;
                    case "upper" -> upper;
                    case "word" -> WORD;
                    case "xdigit" -> DIGIT.or(CodePoints.range('a', 'f')).or(CodePoints.range('A', 'F'));
                    case "space" -> CodePoints.anyOf("\t\n\u000b\f\r ");
                    case "blank" -> CodePoints.anyOf("\t ");
                    case "graph" -> graph;
                    case "print" -> graph.or(CodePoints.of(' '));
                    case "punct" -> graph.and(alpha.or(DIGIT).not());
                    case "cntrl" -> CodePoints.range(0, 0x1f).or(CodePoints.of(0x7f));
                    case "ascii" -> CodePoints.range(0, 0x7f);
                    default -> null;
                });
    }

    private static Optional<IntPredicate> script(String name) {
        try {
            Character.UnicodeScript script = Character.UnicodeScript.forName(name);
            return Optional.of(c -> Character.UnicodeScript.of(c) == script);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<IntPredicate> category(String written) {
        String lower = written.toLowerCase(Locale.ROOT);
        String name = LONG_CATEGORIES.getOrDefault(lower, lower);
        if (CATEGORIES.stream().noneMatch(known -> known.startsWith(name)) || name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(c -> CATEGORIES.get(Character.getType(c)).startsWith(name));
    }

    /** By {@link Character#getType(int)}; 17 is not in use. */
    private static final java.util.List<String> CATEGORIES = java.util.List.of(
            "cn", "lu", "ll", "lt", "lm", "lo", "mn", "me", "mc", "nd", "nl", "no", "zs", "zl", "zp", "cc", "cf", "-",
            "co", "cs", "pd", "ps", "pe", "pc", "po", "sm", "sc", "sk", "so", "pi", "pf");

    private static Optional<IntPredicate> binary(String name) {
        return Optional.ofNullable(
                switch (name.toLowerCase(Locale.ROOT)) {
                    case "any" -> c -> true;
                    case "ascii" -> c -> c < 128;
                    case "alphabetic", "alpha" -> Character::isAlphabetic;
                    case "uppercase", "upper" -> Character::isUpperCase;
                    case "lowercase", "lower" -> Character::isLowerCase;
                    case "white_space", "space" -> SPACE::contains;
                    case "ideographic", "ideo" -> Character::isIdeographic;
                    case "emoji" -> Character::isEmoji;
                    case "id_start", "ids" -> Character::isUnicodeIdentifierStart;
                    case "id_continue", "idc" -> Character::isUnicodeIdentifierPart;
                    default -> null;
                });
    }
}
