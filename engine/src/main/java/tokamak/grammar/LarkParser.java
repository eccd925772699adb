package tokamak.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads grammars in Lark's notation (lark-parser.readthedocs.io, "Grammar reference"), with {@code <name>} for special tokens
 * and {@code %json} for schemas as in llguidance. A terminal matches whatever text its expression matches, not only the
 * longest; priorities, aliases and what shapes Lark's trees mean nothing here.
 */
final class LarkParser {
    /** The most characters ignored at one place: a model must not go on with spaces for ever. */
    private static final int MAX_IGNORED = 20;

    private static final Ebnf NOTHING = new Ebnf.Sequence(List.of());

    private final GrammarText text;
    private final RegexPool pool;
    private final Alphabet alphabet;
    private final SpecialTokens specials;
    private final Map<String, Ebnf> rules = new LinkedHashMap<>();
    private final List<Ebnf> ignored = new ArrayList<>();
    /** Whether what is read is a terminal, in which nothing is ignored. */
    private boolean inTerminal;

    /** The rule for what may be ignored behind every terminal. */
    private static final String IGNORED = "%ignore";

    private static final String START = "start";

    LarkParser(String text, RegexPool pool, SpecialTokens specials) {
        this.text = new GrammarText(text);
        this.pool = pool;
        this.alphabet = new Utf8Alphabet(pool);
        this.specials = specials;
    }

    /** The rules and terminals by name. */
    Map<String, Ebnf> parse() {
        skipLines();
        while (!text.ends()) {
            if (text.skip("%")) {
                directive();
            } else {
                definition();
            }
            skipLines();
        }
        Ebnf gap = NOTHING;
        if (!ignored.isEmpty()) {
            gap = new Ebnf.Terminal(pool.and(
                    pool.star(terminal(new Ebnf.Choice(ignored), 0)),
                    pool.repeat(alphabet.anyCharacter(), 0, MAX_IGNORED)));
            Ebnf start = rules.get(START);
            if (start != null) {
                rules.put(START, new Ebnf.Sequence(List.of(new Ebnf.Ref(IGNORED), new Ebnf.Ref("%" + START))));
                rules.put("%" + START, start);
            }
        }
        rules.put(IGNORED, gap);
        return rules;
    }

    /** The expression of what can't refer to itself. */
    private Regex terminal(Ebnf node, int depth) {
        if (depth > Limits.MAX_NESTING) {
            throw new GrammarException("a terminal of the grammar refers to itself, or is nested too deeply");
        }
        return switch (node) {
            case Ebnf.Terminal terminal -> terminal.regex();
            case Ebnf.Schema _ -> throw new GrammarException("a terminal of the grammar can't be %json");
            case Ebnf.Ref ref -> {
                Ebnf body = rules.get(ref.name());
                if (body == null) {
                    throw new GrammarException("the grammar does not define \"" + ref.name() + "\"");
                }
                yield terminal(body, depth + 1);
            }
            case Ebnf.Sequence sequence ->
                pool.concat(sequence.parts().stream()
                        .map(part -> terminal(part, depth + 1))
                        .toList());
            case Ebnf.Choice choice ->
                pool.or(choice.parts().stream()
                        .map(part -> terminal(part, depth + 1))
                        .toList());
            case Ebnf.Repeat repeat -> pool.repeat(terminal(repeat.part(), depth + 1), repeat.min(), repeat.max());
        };
    }

    // ---- space and names

    private void skipLines() {
        while (true) {
            skipBlanks();
            if (!text.skip("\n")) {
                return;
            }
        }
    }

    private void skipBlanks() {
        while (!text.ends()) {
            int c = text.peek();
            if (c == '#' || text.startsWith("//")) {
                text.skipLine();
            } else if (c == ' ' || c == '\t' || c == '\r') {
                text.next();
            } else {
                return;
            }
        }
    }

    /** Skips ends of lines too if the definition goes on behind them. */
    private void skipWithin(int nesting) {
        skipBlanks();
        if (text.peek() == '\n') {
            int start = text.at();
            skipLines();
            if (nesting == 0 && text.peek() != '|') {
                text.backTo(start);
            }
        }
    }

    private static boolean isNamePart(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
    }

    private String name() {
        int start = text.at();
        while (isNamePart(text.peek())) {
            text.next();
        }
        if (text.at() == start) {
            throw text.error("expected a name");
        }
        return text.from(start);
    }

    private static boolean isTerminal(String name) {
        return name.equals(name.toUpperCase(Locale.ROOT));
    }

    // ---- statements

    private void directive() {
        String what = name();
        skipBlanks();
        switch (what) {
            case "ignore" -> {
                inTerminal = true;
                ignored.add(choice(0));
            }
            case "import" -> imports();
            case "llguidance" -> noOptions();
            default -> throw text.error("%" + what + " is not supported; %ignore and %import common.NAME are");
        }
        endLine();
    }

    /** Llguidance's grammars begin with its options. */
    private void noOptions() {
        boolean opened = text.skip("{");
        skipBlanks();
        if (!opened || !text.skip("}")) {
            throw text.error("%llguidance has no options here: write %llguidance {}");
        }
    }

    private void endLine() {
        skipBlanks();
        if (!text.ends() && text.peek() != '\n') {
            throw text.error("did not expect '" + Character.toString(text.peek()) + "'");
        }
    }

    private void imports() {
        if (!text.skip("common")) {
            throw text.error("only the names of \"common\" can be imported");
        }
        if (text.skip(".")) {
            String name = name();
            skipBlanks();
            if (text.skip("->")) {
                skipBlanks();
                define(name(), common(name));
            } else {
                define(name, common(name));
            }
            return;
        }
        skipBlanks();
        if (!text.skip("(")) {
            throw text.error("expected a name or a list of names to import");
        }
        do {
            skipLines();
            String name = name();
            define(name, common(name));
            skipLines();
        } while (text.skip(","));
        if (!text.skip(")")) {
            throw text.error("expected a ')'");
        }
    }

    private Ebnf common(String name) {
        String pattern = LarkCommon.PATTERNS.get(name);
        if (pattern == null) {
            throw text.error("there is no common." + name + "; there are "
                    + LarkCommon.PATTERNS.keySet().stream().sorted().toList());
        }
        return new Ebnf.Terminal(regex(PatternParser.parse(pattern)));
    }

    private void define(String name, Ebnf body) {
        if (rules.put(name, body) != null) {
            throw text.error("\"" + name + "\" is defined twice");
        }
    }

    private void definition() {
        while (text.skip("?") || text.skip("!")) {
            skipBlanks();
        }
        String name = name();
        if (text.skip("{")) {
            throw text.error("templates are not supported");
        }
        if (text.skip(".")) {
            text.skip("-");
            text.number();
        }
        if (text.skip("[")) {
            throw text.error("attributes of rules are not supported");
        }
        skipBlanks();
        if (!text.skip(":")) {
            throw text.error("expected ':' after the name \"" + name + "\"");
        }
        inTerminal = isTerminal(name);
        Ebnf body = choice(0);
        endLine();
        define(name, body);
    }

    // ---- right sides

    private Ebnf choice(int nesting) {
        text.enter();
        List<Ebnf> parts = new ArrayList<>();
        do {
            skipWithin(nesting);
            // An alternative may be empty, also before the first bar of a column of them.
            parts.add(sequence(nesting));
        } while (text.skip("|"));
        text.leave();
        return parts.size() == 1 ? parts.getFirst() : new Ebnf.Choice(parts);
    }

    private Ebnf sequence(int nesting) {
        List<Ebnf> parts = new ArrayList<>();
        while (!text.ends() && "|)]\n".indexOf(text.peek()) < 0 && !text.startsWith("->")) {
            parts.add(quantified(element(nesting)));
            skipWithin(nesting);
        }
        if (text.skip("->")) {
            skipBlanks();
            name();
            skipWithin(nesting);
        }
        return parts.size() == 1 ? parts.getFirst() : new Ebnf.Sequence(parts);
    }

    private Ebnf quantified(Ebnf element) {
        Ebnf repeated = text.quantified(element);
        if (repeated != null) {
            return repeated;
        }
        int start = text.at();
        skipBlanks();
        if (!text.skip("~")) {
            text.backTo(start);
            return element;
        }
        skipBlanks();
        int min = text.count();
        int max = min;
        if (text.skip("..")) {
            max = text.count();
        }
        return text.repeat(element, min, max);
    }

    private Ebnf element(int nesting) {
        int c = text.peek();
        if (isNamePart(c)) {
            String name = name();
            return isTerminal(name) ? spaced(new Ebnf.Ref(name)) : new Ebnf.Ref(name);
        }
        text.next();
        return switch (c) {
            case '"' -> spaced(new Ebnf.Terminal(string()));
            case '/' -> spaced(new Ebnf.Terminal(regex(pattern())));
            case '<' -> spaced(new Ebnf.Terminal(text.specialToken(pool, specials)));
            case '(' -> {
                Ebnf inside = choice(nesting + 1);
                skipLines();
                require(")");
                yield inside;
            }
            case '[' -> {
                Ebnf inside = choice(nesting + 1);
                skipLines();
                require("]");
                yield new Ebnf.Repeat(inside, 0, 1);
            }
            case '%' -> json();
            default -> throw text.error("did not expect '" + Character.toString(c) + "'");
        };
    }

    private void require(String expected) {
        if (!text.skip(expected)) {
            throw text.error("expected a '" + expected + "'");
        }
    }

    private Ebnf spaced(Ebnf terminal) {
        return inTerminal ? terminal : new Ebnf.Sequence(List.of(terminal, new Ebnf.Ref(IGNORED)));
    }

    private Regex string() {
        String first = text.string('"');
        if (text.skip("..")) {
            require("\"");
            String last = text.string('"');
            if (first.codePointCount(0, first.length()) != 1 || last.codePointCount(0, last.length()) != 1) {
                throw text.error("a range is from one character to another");
            }
            return alphabet.oneOf(CodePoints.range(first.codePointAt(0), last.codePointAt(0)));
        }
        if (!text.skip("i")) {
            return pool.literal(first);
        }
        List<Pattern> characters = first.codePoints()
                .<Pattern>mapToObj(c -> new Pattern.Chars(CodePoints.of(c)))
                .toList();
        return regex(Caseless.of(new Pattern.Sequence(characters)));
    }

    /** The rest of an expression whose opening slash has been read. */
    private Pattern pattern() {
        int start = text.at();
        while (text.peek() != '/') {
            if (text.next() == '\\') {
                text.next();
            }
            if (text.peek() == '\n') {
                throw text.error("an expression must end in its line");
            }
        }
        Pattern pattern = PatternParser.parse(text.from(start));
        text.next();
        for (int flag = text.peek(); Character.isLetter(flag); flag = text.peek()) {
            pattern = switch (flag) {
                case 'i' -> Caseless.of(pattern);
                case 's' -> pattern.withLineEnds();
                case 'u' -> pattern;
                default -> throw text.error("the flag '" + Character.toString(flag) + "' is not supported");
            };
            text.next();
        }
        return pattern;
    }

    private Regex regex(Pattern pattern) {
        return new PatternCompiler(alphabet).whole(pattern);
    }

    private Ebnf json() {
        if (!text.skip("json")) {
            throw text.error("only %json may stand in a rule");
        }
        skipBlanks();
        int start = text.at();
        int depth = 0;
        do {
            int c = text.next();
            if (c == '"') {
                skipJsonString();
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        } while (depth > 0);
        return new Ebnf.Sequence(List.of(new Ebnf.Schema(text.from(start)), new Ebnf.Ref(IGNORED)));
    }

    private void skipJsonString() {
        for (int c = text.next(); c != '"'; c = text.next()) {
            if (c == '\\') {
                text.next();
            }
        }
    }
}
