package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tokamak.api.Guide;

/** Grammars in files and notations, held against Java's own regular expressions. */
final class GrammarFilesTest {
    private static final int DEPTH = 4;

    private final Texts texts = new Texts();

    /** llama.cpp's examples, each as a regular expression of our own; recursion to a depth of {@link #DEPTH}. */
    private enum Example {
        ARITHMETIC(depth -> {
            String ws = "[ \\t\\n]*";
            String atom = "(?:[a-z][a-z0-9_]*+" + ws + "|[0-9]+" + ws;
            String term = atom + ")";
            for (int i = 0; i < depth; i++) {
                term = atom + "|\\(" + ws + term + "(?:[-+*/]" + term + ")*\\)" + ws + ")";
            }
            return "(?:" + term + "(?:[-+*/]" + term + ")*=" + ws + term + "\\n)+";
        }),
        CHESS(depth -> {
            String move = "(?:(?:(?:[a-h]x)?[a-h][1-8](?:=[NBKQR])?|[NBKQR][a-h]?[1-8]?x?[a-h][1-8]|O-O(?:-O)?)[+#]?)";
            return "1\\. " + move + " " + move + "\\n(?:[1-9][0-9]?\\. " + move + " " + move + "\\n)+";
        }),
        ENGLISH(depth -> "[!-~]+(?:[ \\t\\n][!-~]+)*"),
        JSON(depth -> {
            String ws = "(?: |\\n[ \\t]{0,20})?";
            String string = "\"(?:[^\"\\\\\\x7f\\x00-\\x1f]|\\\\(?:[\"\\\\bfnrt]|u[0-9a-fA-F]{4}))*+\"" + ws;
            String number = "-?(?:[0-9]|[1-9][0-9]{0,15})(?:\\.[0-9]+)?(?:[eE][-+]?[0-9][1-9]{0,15})?" + ws;
            String scalar = string + "|" + number + "|(?:true|false|null)" + ws;
            String value = "(?:" + scalar + "|\\{" + ws + "\\}" + ws + "|\\[" + ws + "\\]" + ws + ")";
            for (int i = 0; i < depth; i++) {
                String pair = string + ":" + ws + value;
                String object = "\\{" + ws + "(?:" + pair + "(?:," + ws + pair + ")*)?\\}" + ws;
                value = "(?:" + scalar + "|" + object + "|\\[" + ws + "(?:" + value + "(?:," + ws + value + ")*)?\\]"
                        + ws + ")";
            }
            return "(?=\\{)" + value;
        }),
        LIST(depth -> "(?:- [^\\r\\n\\x0b\\f\\x85\\u2028\\u2029]+\\n)+");

        private final Pattern oracle;

        Example(IntFunction<String> regex) {
            this.oracle = Pattern.compile(regex.apply(DEPTH));
        }

        Guide guide() throws IOException {
            String name = name().toLowerCase(Locale.ROOT) + ".gbnf";
            return new Guide.Grammar(
                    Files.readString(TestData.folder("grammars").resolve(name)));
        }

        /** Whether the expression, too, can say it. */
        boolean isShallow(String text) {
            int depth = 0;
            for (char c : text.toCharArray()) {
                depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
                if (depth >= DEPTH) {
                    return false;
                }
            }
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsDrawnMatchesAndWhatIsChangedIsJudgedAlike(Example example) throws IOException {
        Guide guide = example.guide();
        SplittableRandom random = new SplittableRandom(11);
        int numTexts = 0;
        int numRejected = 0;
        for (int round = 0; round < 100; round++) {
            Optional<String> drawn = texts.random(guide, random, 150);
            if (drawn.isEmpty() || !example.isShallow(drawn.get())) {
                continue;
            }
            numTexts++;
            assertThat(drawn.get()).matches(example.oracle);
            assertThat(texts.accepts(guide, drawn.get())).isTrue();
            for (int i = 0; i < 5; i++) {
                String changed = change(drawn.get(), random);
                if (example.isShallow(changed)) {
                    boolean matches = example.oracle.matcher(changed).matches();
                    assertThat(texts.accepts(guide, changed)).as(changed).isEqualTo(matches);
                    numRejected += matches ? 0 : 1;
                }
            }
        }
        assertThat(numTexts).isGreaterThan(5);
        assertThat(numRejected).isPositive();
    }

    private static String change(String text, SplittableRandom random) {
        int[] chars = text.codePoints().toArray();
        int at = random.nextInt(chars.length);
        StringBuilder changed = new StringBuilder();
        int how = random.nextInt(3);
        for (int i = 0; i < chars.length; i++) {
            if (i == at && how == 0) {
                continue; // left out
            }
            if (i == at && how == 1) {
                changed.append("()[]{}\",:ax1 \n\\é".charAt(random.nextInt(16)));
            }
            changed.appendCodePoint(i == at && how == 2 ? chars[random.nextInt(chars.length)] : chars[i]);
        }
        return changed.toString();
    }

    // ---- notations

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "root ::= [a-c]+ | \"x\"{2,3};abc xx xxx;x xxxx d",
                "root ::= item (\",\" item)*\\nitem ::= \"a\" # one\\n  | \"b\"\\n;a a,b,a;, a, ab",
                "root ::= (\\n\"a\"\\n\"b\" )?  c{2}\\nc ::= .;xy abxy 日本;x abx",
                "root ::= \"\\\\x41\\\\u00e9\" [\\\\x30-\\\\x32\\\\]\\\\-];Aé1 Aé] Aé-;Aé3",
                "root ::= [^a-z]{1,} | my_rule2\\nmy_rule2 ::= 'q';AB q;a",
                "start: \"a\" B+ | c~2..3\\nB: /b|d/i\\nc: \"x\"i -> alias;ab aDb xX xxx;a x xxxx",
                "?start: [\"-\"] NUMBER\\n%import common.NUMBER;-1 2.5 1e9 1.;- --1 1..",
                "start: WORD (\",\" WORD)*\\n%import common (WORD, WS)\\n%ignore WS;a,b;a, ,b 1",
                "%llguidance {}\\nstart: \"a\";a;b",
                "start: \"0\"..\"3\" /[^x]/s // a comment\\n;0a 3b;4a 0x",
                "start: a | b\\na.2: \"p\"\\n!b: (\"q\" | \"r\")* \"s\";p s qrs;ps q",
            })
    void aGrammarAcceptsTheseAndNotThose(String grammar, String good, String bad) {
        Guide guide = new Guide.Grammar(grammar.replace("\\n", "\n").replace("\\\\", "\\"));
        for (String text : good.split(" ")) {
            assertThat(texts.accepts(guide, text)).as(text).isTrue();
        }
        for (String text : bad.split(" ")) {
            assertThat(texts.accepts(guide, text)).as(text).isFalse();
        }
    }

    @Test
    void whatLarkIgnoresMayStandBetweenTerminalsButNotForEver() {
        Guide guide = new Guide.Grammar("start: \"a\" \"b\" C\nC: \"c\" \"d\"\n%ignore \" \"\n%ignore /\\n/");
        for (String text : List.of("abcd", " a b\n\ncd ", "a" + " ".repeat(20) + "bcd")) {
            assertThat(texts.accepts(guide, text)).as(text).isTrue();
        }
        for (String text : List.of("abc d", "a\tbcd", "a" + " ".repeat(21) + "bcd")) {
            assertThat(texts.accepts(guide, text)).as(text).isFalse();
        }
    }

    @Test
    void aLarkGrammarMayHoldASchemaAndSpecialTokens() {
        Guide guide = new Guide.Grammar(
                "start: <tool> %json {\"type\": \"boolean\"} \"!\" <[" + texts.vocabulary.special("</tool>") + "]>");
        Matcher matcher = texts.matcher(guide);
        assertThat(matcher.allows('<')).isFalse();
        matcher.accept(texts.vocabulary.special("<tool>"));
        "true!".chars().forEach(matcher::accept);
        assertThat(matcher.isComplete()).isFalse();
        assertThat(matcher.allows(texts.vocabulary.special("</tool>"))).isTrue();
        matcher.accept(texts.vocabulary.special("</tool>"));
        assertThat(matcher.isFinished()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root ::= \"a",
                "root ::= (\"a\"",
                "root ::= \"a\")",
                "root ::= [a",
                "root ::= [z-a]",
                "root ::= missing",
                "rule ::= \"a\"",
                "root ::= \"a\"\nroot ::= \"b\"",
                "root ::= \"a\"{3,1}",
                "root ::= \"\\ud800\"",
                "root ::=* \"a\"",
                "root ::= \"a\"{999999999}",
                "nonsense",
                "",
                "start: \"a",
                "start: x",
                "start: /(/",
                "begin: \"a\"",
                "start: \"a\" %oops",
                "start{x}: \"a\"",
                "%llguidance {\"no_forcing\": true}\nstart: \"a\"",
                "%import python.NAME\nstart: NAME",
                "%import common.NONE\nstart: NONE",
                "start: A\nA: A \"x\" | \"y\"\n%ignore A"
            })
    void aMistakeIsNamedWithItsPlace(String grammar) {
        assertThatThrownBy(() -> texts.matcher(new Guide.Grammar(grammar)))
                .isInstanceOf(GrammarException.class)
                .hasMessageMatching("(?s).*(line \\d+|character \\d+|rule|define|begin|terminal).*");
    }
}
