package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Guide;

final class MaskTest {
    private final Texts texts = new Texts();

    static List<Guide> guides() {
        return List.of(
                new Guide.Regex("[a-c]{2,5}(x|é|日)*"),
                new Guide.Regex("(a|b)*a(a|b){6}"),
                new Guide.Regex("\"[^\"\\\\\\x00-\\x1f]{0,20}\""),
                new Guide.Regex("\\p{L}+( \\p{L}+)*"),
                new Guide.Regex("(?!foo)[a-z]{1,6}"),
                new Guide.Choice(List.of("foo", "foobar", "日本語", "🙂", "", "the end")),
                new Guide.Grammar("root ::= \"(\" root \")\" | [ab]+ root? | \"\""),
                new Guide.Grammar(
                        "start: expr\nexpr: expr \"+\" term | term\nterm: /[0-9]+/ | \"(\" expr \")\"\n%ignore \" \""),
                Guide.anything(),
                new Guide.FreeText(List.of("ab", "日")),
                Guide.until("</think>", "foo"),
                Guide.afterReasoning("</think>", OptionalInt.empty(), new Guide.Regex("[0-9]+")),
                Guide.sequence(
                        Guide.literal("<|channel|>x"), Guide.until("<end>"), Guide.optional(Guide.literal("ab"))),
                new Guide.Tagged(
                        List.of(
                                new Guide.Tag("<tool>foo", new Guide.Regex("[0-9]+"), "</tool>"),
                                new Guide.Tag("<s>x", new Guide.Regex("a*"), "</s>")),
                        List.of("<tool>", "<s>"),
                        false,
                        false,
                        false));
    }

    @ParameterizedTest
    @MethodSource("guides")
    void aTokenIsAllowedExactlyIfItsBytesCanFollow(Guide guide) {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 3; round++) {
            Matcher matcher = texts.matcher(guide);
            for (int step = 0; step < 20 && !matcher.isFinished(); step++) {
                List<Integer> wrong = new ArrayList<>();
                for (int id = 0; id < texts.vocabulary.size(); id++) {
                    boolean expected = id == texts.eos ? matcher.isComplete() : canFollow(matcher, id);
                    if (matcher.allows(id) != expected) {
                        wrong.add(id);
                    }
                }
                assertThat(wrong).as("tokens after %d others", step).isEmpty();
                matcher.accept(texts.pick(matcher, random));
            }
        }
    }

    private static boolean canFollow(Matcher matcher, int id) {
        matcher.accept(id);
        boolean alive = !matcher.isDead();
        matcher.rollback(1);
        return alive;
    }

    @Test
    void reasoningEndsWhenItsBudgetIsUsedUp() {
        SplittableRandom random = new SplittableRandom(5);
        for (String end : List.of("</think>", "<|channel|>x", "語<end>")) {
            Guide guide = Guide.afterReasoning(end, OptionalInt.of(7), new Guide.Regex("[0-9]{1,3}"));
            for (int round = 0; round < 50; round++) {
                // 7 tokens, the rest of a character and the marker byte by byte, and the answer.
                String text = texts.random(guide, random, 7 + 3 + end.length() + 3 + 3)
                        .orElseThrow();
                assertThat(text).matches("(?s).*" + Pattern.quote(end) + "[0-9]{1,3}");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("guides")
    void whateverIsBegunCanBeEnded(Guide guide) {
        SplittableRandom random = new SplittableRandom(4);
        int ended = 0;
        for (int round = 0; round < 40; round++) {
            // Every step finds an allowed token, or pick() fails.
            ended += texts.random(guide, random, 200).isPresent() ? 1 : 0;
        }
        assertThat(ended).isPositive();
    }
}
