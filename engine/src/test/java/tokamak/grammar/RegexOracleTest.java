package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.api.Guide;

/** Random patterns and texts; the JDK's regular expressions are the judge. */
final class RegexOracleTest {
    private static final List<String> ATOMS = List.of(
            "a",
            "b",
            "é",
            "日",
            "🙂",
            ".",
            "\\d",
            "\\w",
            "\\s",
            "\\D",
            "\\W",
            "\\S",
            "[ab]",
            "[^a]",
            "[a-c1]",
            "[^\\d]",
            "[\\w.]",
            "[é-日]",
            "\\p{L}",
            "\\p{Lu}",
            "\\P{L}",
            "[\\p{N}a]",
            "\\.",
            "\\n",
            "\\t",
            "\\x61",
            "\\u65e5",
            "[\\-a]",
            "[.]",
            "[^\\s🙂]");
    private static final List<String> QUANTIFIERS =
            List.of("*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}", "*?", "+?", "??", "{0,2}?");
    private static final List<String> PIECES =
            List.of("a", "b", "c", "1", "2", "A", "É", "é", "日", "語", "🙂", ".", " ", "\n", "\t", "-", "_", "²", "");

    private final Texts texts = new Texts();

    private static String pattern(SplittableRandom random, int depth) {
        return switch (random.nextInt(depth == 0 ? 3 : 8)) {
            case 0, 1 -> ATOMS.get(random.nextInt(ATOMS.size()));
            case 2 -> ATOMS.get(random.nextInt(ATOMS.size())) + QUANTIFIERS.get(random.nextInt(QUANTIFIERS.size()));
            case 3 -> "(" + pattern(random, depth - 1) + ")" + QUANTIFIERS.get(random.nextInt(QUANTIFIERS.size()));
            case 4 -> "(?:" + pattern(random, depth - 1) + "|" + pattern(random, depth - 1) + ")";
            case 5 -> "(" + pattern(random, depth - 1) + "|" + pattern(random, depth - 1) + "|)";
            default -> pattern(random, depth - 1) + pattern(random, depth - 1);
        };
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatTheWholePatternMatchesIsAccepted(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int matched = 0;
        for (int i = 0; i < 300; i++) {
            String regex = pattern(random, 3);
            // ECMAScript's \s knows Unicode's spaces, its \d and \w do not; its dot stops at these four.
            Pattern judge = Pattern.compile(forJudge(regex));
            for (int k = 0; k < 20; k++) {
                String text = text(random);
                boolean expected = judge.matcher(text).matches();
                matched += expected ? 1 : 0;
                assertThat(texts.accepts(new Guide.Regex(regex), text))
                        .as("%s on \"%s\"", regex, text)
                        .isEqualTo(expected);
            }
        }
        assertThat(matched).isGreaterThan(500);
    }

    private static String forJudge(String regex) {
        return regex.replaceAll("(?<!\\\\)\\.(?![^\\[]*\\])", "[^\\\\n\\\\r\\\\u2028\\\\u2029]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\\p{L}",
                "\\p{Lu}",
                "\\p{Ll}",
                "\\p{N}",
                "\\p{Nd}",
                "\\p{P}",
                "\\p{S}",
                "\\p{Z}",
                "\\p{C}",
                "\\p{Zs}",
                "\\p{Cc}",
                "\\p{Cf}",
                "\\p{Pd}",
                "\\p{Po}",
                "\\p{Sm}",
                "\\p{Sc}",
                "\\p{So}",
                "\\p{Pf}",
                "\\p{Mc}",
                "\\p{Nl}",
                "\\P{L}",
                "[^\\p{L}\\p{N}]",
                "\\p{L}\\p{M}*"
            })
    void unicodeClassesAreTheJdks(String regex) {
        Matcher matcher = texts.matcher(new Guide.Regex(regex));
        Pattern judge = Pattern.compile(regex);
        for (int c = 1; c < 0x11000; c += c < 0x300 ? 1 : 23) {
            if (c >= 0xd800 && c < 0xe000) {
                continue;
            }
            String text = Character.toString(c);
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            for (byte b : bytes) {
                matcher.accept(b & 0xff);
            }
            assertThat(!matcher.isDead() && matcher.isComplete())
                    .as("%s on U+%04X", regex, c)
                    .isEqualTo(judge.matcher(text).matches());
            matcher.rollback(bytes.length);
        }
    }

    /** What ECMAScript reads in patterns without flags, its annex B included. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "a{,2}~a{,2}",
                "a{~a{",
                "a{x}~a{x}",
                "]~]",
                "}~}",
                "{~{",
                "[a-]~-",
                "[-a]~-",
                "a|~a",
                "|a~a",
                "(?:)b~b",
                "^a$~a",
                "\\/~/",
                "\\-~-",
                "[a&&b]~&",
                "(?<n>a)~a",
                "[^]~x",
                "a{2}?~aa",
                "(?i)hello [^é]~hELLO e",
                "a(?i:bc|ß)d~aBcd",
                "[[:alpha:]_]+~Ab_",
                "[^[:space:]]{2}~[:",
                "[[:^digit:]]~a",
                "[:a]~:",
                "\\p{Greek}{2}~αΩ"
            })
    void oddSpellingsAreRead(String regex, String text) {
        assertThat(texts.accepts(new Guide.Regex(regex), text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"(?i)hello", "[[:alpha:]]+", "[[:^alpha:]]", "\\p{Greek}"})
    void andOnlyWhatTheyMean(String regex) {
        assertThat(texts.accepts(new Guide.Regex(regex), ":]")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a**",
                "a++",
                "x{1,2}{2}",
                "a(?i)b",
                "(?s:a)",
                "[[:letters:]]",
                "\\Qa\\E",
                "(?>a)",
                "(?<=a)b",
                "(a)\\1",
                "\\bfoo\\b",
                "a)",
                "(a",
                "[a",
                "[b-a]",
                "a{3,2}",
                "*",
                "\\p{Nothing}",
                "[]a]"
            })
    void whatIsNotReadIsAnErrorThatSaysSo(String regex) {
        assertThatThrownBy(() -> texts.matcher(new Guide.Regex(regex)))
                .isInstanceOf(GrammarException.class)
                .hasMessageMatching("(?s).{20,500}");
    }
}
