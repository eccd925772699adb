package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tokamak.api.Guide;

/** Free text, tags in it, and the special tokens that mark them. {@code <tool>} is one token, {@code <s>} is letters. */
final class TaggedTextTest {
    private final Texts texts = new Texts();

    private static Guide.Tagged tagged(boolean atLeastOne, boolean stopAfterFirst, boolean beginsWithTag) {
        return new Guide.Tagged(
                List.of(
                        new Guide.Tag("<s>a=", new Guide.Regex("[0-9]+"), "</s>"),
                        new Guide.Tag("<s>b=", new Guide.Choice(List.of("x", "yy")), "</s>"),
                        new Guide.Tag("<tool>", new Guide.Regex("t*"), "</tool>")),
                List.of("<s>", "<tool>"),
                atLeastOne,
                stopAfterFirst,
                beginsWithTag);
    }

    /** Special tokens are taken where they are spelled. */
    private boolean accepts(Guide guide, String text) {
        Matcher matcher = texts.matcher(guide);
        int at = 0;
        while (at < text.length()) {
            int token = text.charAt(at);
            int length = 1;
            for (String special : FakeVocabulary.SPECIALS) {
                if (text.startsWith(special, at)) {
                    token = texts.vocabulary.special(special);
                    length = special.length();
                }
            }
            matcher.accept(token);
            at += length;
        }
        return !matcher.isDead() && matcher.isComplete();
    }

    private void assertAccepts(Guide guide, String... good) {
        for (String text : good) {
            assertThat(accepts(guide, text)).as(text).isTrue();
        }
    }

    private void assertRejects(Guide guide, String... bad) {
        for (String text : bad) {
            assertThat(accepts(guide, text)).as(text).isFalse();
        }
    }

    @Test
    void tagsComeAnywhereInFreeText() {
        Guide guide = tagged(false, false, false);
        assertAccepts(
                guide,
                "",
                "text < <s",
                "<s>a=1</s>",
                "see <s>b=yy</s> and <s>a=22</s>.",
                "<tool>tt</tool>",
                "a<tool></tool><s>b=x</s>b");
        assertRejects(guide, "<s>", "<s>c", "<s>a=</s>", "<s>a=1", "text <tool>x", "</tool>", "<s>a=1</s><s>b=1</s>");
        // Spelled in letters, a special token's text is no tag, and may not be taken for one.
        assertThat(texts.accepts(guide, "<tool>tt</tool>")).isFalse();
        assertThat(texts.accepts(guide, "<tool")).isTrue();
    }

    @Test
    void tagsMayBeAskedFor() {
        assertAccepts(tagged(true, false, false), "x<s>a=1</s>", "<tool></tool>y");
        assertRejects(tagged(true, false, false), "", "x");
        assertAccepts(tagged(true, true, true), "<s>a=1</s>", "<tool></tool>");
        assertRejects(tagged(true, true, true), "", "x<s>a=1</s>", "<s>a=1</s>x", "<s>a=1</s><s>a=1</s>");
        assertAccepts(tagged(false, true, true), "", "<s>a=1</s>");
        assertRejects(tagged(false, true, true), "x");
        assertAccepts(tagged(false, true, false), "", "abc", "abc<s>a=1</s>");
        assertRejects(tagged(false, true, false), "<s>a=1</s>abc");
        assertAccepts(tagged(true, false, true), "<s>a=1</s>x<s>a=1</s>");
        assertRejects(tagged(true, false, true), "x<s>a=1</s>");
        Guide one = new Guide.Tagged(
                List.of(new Guide.Tag("<tool>call", Guide.literal(""), "")), List.of("<to"), false, false, false);
        assertAccepts(one, "<t", "x<tool>call<tool>call");
        assertRejects(one, "x<tool>c", "x<tool>");
    }

    @Test
    void channelsAreWrittenAsData() {
        Guide message = Guide.sequence(
                Guide.literal("<|channel|>"),
                new Guide.Choice(List.of("final", "analysis")),
                Guide.literal("<tool>"),
                Guide.until("<end>"));
        Guide guide = Guide.separated(message, Guide.literal("\n"), 1, 3);
        assertAccepts(
                guide,
                "<|channel|>final<tool>xy <en <end>",
                "<|channel|>final<tool><end>\n<|channel|>analysis<tool>x<end>");
        assertRejects(
                guide,
                "<|channel|>other<tool>x<end>",
                "<|channel|>final<tool>x",
                "<|channel|>final<tool>x<end>\n",
                "final");
        assertThat(texts.accepts(guide, "<|channel|>final")).isFalse();
    }

    @Test
    void theFirstEndIsTheEnd() {
        assertAccepts(Guide.until("aa"), "aa", "xaa", "abaa");
        assertRejects(Guide.until("aa"), "aaa", "aaxaa", "a", "");
        assertAccepts(Guide.until("ab", "b<end>"), "ab", "b<end>", "xb<end>", "bb<end>");
        assertRejects(Guide.until("ab", "b<end>"), "abb<end>", "<end>", "b", "xab<end>");
        assertAccepts(new Guide.FreeText(List.of("ab", "<end>")), "", "ba", "a<end");
        assertRejects(new Guide.FreeText(List.of("ab", "<end>")), "xab", "<end>");
        assertThat(texts.accepts(new Guide.FreeText(List.of("<end>")), "x<end>"))
                .isFalse();
    }

    @Test
    void anEndTokenThatTheGuideNamesIsAllowedThereToo() {
        Guide guide = Guide.sequence(Guide.literal("a<eos>"));
        Matcher matcher = texts.matcher(guide);
        assertThat(matcher.allows(texts.eos)).isFalse();
        matcher.accept('a');
        assertThat(matcher.allows(texts.eos)).isTrue();
        matcher.accept(texts.eos);
        assertThat(matcher.isFinished()).isTrue();
    }

    @Test
    void rollbackLeavesNoTrace() {
        SplittableRandom random = new SplittableRandom(8);
        Guide guide = Guide.afterReasoning("</think>", java.util.OptionalInt.of(6), tagged(false, false, false));
        for (int round = 0; round < 30; round++) {
            Matcher matcher = texts.matcher(guide);
            Matcher twin = texts.matcher(guide);
            for (int step = 0; step < 40; step++) {
                int detour = random.nextInt(6);
                for (int i = 0; i < detour; i++) {
                    matcher.accept(texts.pick(matcher, random));
                }
                matcher.rollback(detour);
                for (int id = 0; id < texts.vocabulary.size(); id += 1 + random.nextInt(9)) {
                    assertThat(matcher.allows(id)).isEqualTo(twin.allows(id));
                }
                int next = texts.pick(twin, random);
                matcher.accept(next);
                twin.accept(next);
            }
        }
    }
}
