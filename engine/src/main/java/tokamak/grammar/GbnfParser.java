package tokamak.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads grammars in llama.cpp's notation (grammars/README.md there). Beyond it, a rule may go on in lines that begin with
 * {@code |}, names may have underscores, and strings may stand in single quotes.
 */
final class GbnfParser {
    private final GrammarText text;
    private final RegexPool pool;
    private final Alphabet alphabet;
    private final SpecialTokens specials;

    GbnfParser(String text, RegexPool pool, SpecialTokens specials) {
        this.text = new GrammarText(text);
        this.pool = pool;
        this.alphabet = new Utf8Alphabet(pool);
        this.specials = specials;
    }

    /** The rules by name. */
    Map<String, Ebnf> parse() {
        Map<String, Ebnf> rules = new LinkedHashMap<>();
        skipSpace();
        while (!text.ends()) {
            String name = name();
            skipSpace();
            if (!text.skip("::=")) {
                throw text.error("expected ::= after the rule name \"" + name + "\"");
            }
            skipSpace();
            if (rules.put(name, choice()) != null) {
                throw text.error("the rule \"" + name + "\" is defined twice");
            }
            if (text.peek() == ')') {
                throw text.error("there is a ')' without a '('");
            }
        }
        return rules;
    }

    private void skipSpace() {
        while (!text.ends()) {
            int c = text.peek();
            if (c == '#') {
                text.skipLine();
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                text.next();
            } else {
                return;
            }
        }
    }

    private static boolean isNamePart(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_';
    }

    private String name() {
        StringBuilder name = new StringBuilder();
        while (isNamePart(text.peek())) {
            name.appendCodePoint(text.next());
        }
        if (name.isEmpty()) {
            throw text.error("expected the name of a rule");
        }
        return name.toString();
    }

    private Ebnf choice() {
        text.enter();
        List<Ebnf> parts = new ArrayList<>();
        do {
            skipSpace();
            parts.add(sequence());
        } while (text.skip("|"));
        text.leave();
        return parts.size() == 1 ? parts.getFirst() : new Ebnf.Choice(parts);
    }

    private Ebnf sequence() {
        List<Ebnf> parts = new ArrayList<>();
        while (!text.ends() && text.peek() != '|' && text.peek() != ')' && !startsRule()) {
            parts.add(repeated(element()));
            skipSpace();
        }
        return parts.size() == 1 ? parts.getFirst() : new Ebnf.Sequence(parts);
    }

    private boolean startsRule() {
        int start = text.at();
        while (isNamePart(text.peek())) {
            text.next();
        }
        boolean hasName = text.at() > start;
        skipSpace();
        boolean starts = hasName && text.skip("::=");
        text.backTo(start);
        return starts;
    }

    private Ebnf element() {
        int c = text.peek();
        if (isNamePart(c)) {
            return new Ebnf.Ref(name());
        }
        text.next();
        return switch (c) {
            case '"', '\'' -> new Ebnf.Terminal(pool.literal(text.string(c)));
            case '[' -> new Ebnf.Terminal(alphabet.oneOf(text.charClass()));
            case '.' -> new Ebnf.Terminal(alphabet.anyCharacter());
            case '<' -> new Ebnf.Terminal(text.specialToken(pool, specials));
            case '(' -> {
                Ebnf inside = choice();
                if (!text.skip(")")) {
                    throw text.error("expected a ')'");
                }
                yield inside;
            }
            default -> throw text.error("did not expect '" + Character.toString(c) + "'");
        };
    }

    private Ebnf repeated(Ebnf element) {
        Ebnf result = element;
        int count = 0;
        while (true) {
            skipBlanks();
            Ebnf next = text.quantified(result);
            if (next == null) {
                return result;
            }
            if (++count > 20) {
                throw text.error("too many repetitions of repetitions");
            }
            result = next;
        }
    }

    private void skipBlanks() {
        while (text.peek() == ' ' || text.peek() == '\t') {
            text.next();
        }
    }
}
