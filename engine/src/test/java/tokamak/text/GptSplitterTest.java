package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The splitters written by hand cut every text where the regular expression does. */
class GptSplitterTest {
    private static final String[] ALPHABET = {
        "a", "B", "s", "t", "re", "LL", "'", "'s", "'S", "'\u017F", " ", "  ", "\n", "\r", "\r\n", "\t", "\u00A0",
        "\u3000", "\u0085", "1", "22", "\u0663", "\u2167", "\u00B2", "!", "/", "…", "é", "e\u0301", "\u0301", "\u02B0",
        "\u01C5", "中", "か", "한", "😀", "𝓌", "𝟘", "\uFFFD", "\u200D", "-", "_", "क", "ि", "Ⴀ", "ª"
    };

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "tekken"})
    void cutsLikeTheExpression(String name) {
        String regex = GgufPre.named(name).orElseThrow().patterns().getFirst();
        assertThat(TextPattern.compile(regex)).isInstanceOf(TextPattern.Known.class);
        PreTokenizer byHand = isolated(TextPattern.compile(regex));
        PreTokenizer byRegex = isolated(new TextPattern.Regex(TextPattern.toJava(regex)));
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 20_000; i++) {
            String text = randomText(random);
            assertThat(parts(byHand, text)).isEqualTo(parts(byRegex, text));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "starcoder"})
    void tablesOfRunsCutLikeTheExpression(String name) {
        List<String> simple = GgufPre.named(name).orElseThrow().patterns().stream()
                .filter(regex -> TextPattern.compile(regex) instanceof TextPattern.Runs)
                .toList();
        assertThat(simple).isNotEmpty();
        SplittableRandom random = new SplittableRandom(8);
        for (String regex : simple) {
            PreTokenizer byTable = isolated(TextPattern.compile(regex));
            PreTokenizer byRegex = isolated(new TextPattern.Regex(TextPattern.toJava(regex)));
            for (int i = 0; i < 3_000; i++) {
                String text = randomText(random);
                assertThat(parts(byTable, text)).as(regex).isEqualTo(parts(byRegex, text));
            }
        }
    }

    private static String randomText(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(1, 12); n > 0; n--) {
            text.append(ALPHABET[random.nextInt(ALPHABET.length)]);
        }
        return text.toString();
    }

    private static PreTokenizer isolated(TextPattern pattern) {
        return new PreTokenizer.Split(pattern, Cutter.Behavior.ISOLATED, false);
    }

    private static List<String> parts(PreTokenizer preTokenizer, String text) {
        List<String> parts = new ArrayList<>();
        preTokenizer.split(text, 0, text.length(), true, (t, from, to, first) -> parts.add(t.substring(from, to)));
        return parts;
    }
}
