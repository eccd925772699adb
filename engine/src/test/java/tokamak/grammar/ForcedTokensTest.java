package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Guide;

final class ForcedTokensTest {
    private final Texts texts = new Texts();

    static List<Guide> guides() {
        return MaskTest.guides();
    }

    private Matcher matcher(Guide guide) {
        return texts.compiler.compile(guide).spellingMatcher(texts.eos);
    }

    /** Takes forced tokens as long as there are any. */
    private List<String> forcedFrom(Matcher matcher) {
        List<String> pieces = new ArrayList<>();
        for (int id = matcher.forcedToken(); id != Matcher.NO_TOKEN; id = matcher.forcedToken()) {
            pieces.add(
                    texts.vocabulary.isSpecial(id)
                            ? texts.vocabulary.piece(id)
                            : new String(texts.vocabulary.bytes(id), StandardCharsets.UTF_8));
            matcher.accept(id);
        }
        return pieces;
    }

    private List<String> forcedAtFirst(Guide guide) {
        return forcedFrom(matcher(guide));
    }

    @Test
    void aTextWithNothingBehindItIsForcedToItsEnd() {
        assertThat(forcedAtFirst(Guide.literal("foobar(true)"))).containsExactly("foobar", "(", "true", ")");
        assertThat(forcedAtFirst(Guide.literal("日本x"))).containsExactly("日本", "x");
    }

    @Test
    void specialTokensAreForced() {
        assertThat(forcedAtFirst(Guide.literal("<|channel|>foo<end>"))).containsExactly("<|channel|>", "foo", "<end>");
    }

    @Test
    void nothingIsForcedThatATokenMayReachOutOf() {
        // "foo" may become "foobar".
        assertThat(forcedAtFirst(new Guide.Regex("foo[a-z]*"))).isEmpty();
        assertThat(forcedAtFirst(new Guide.Regex("foo[0-9]*;"))).containsExactly("foo");
        // Nor does a token from within reach out: "ab" from the "a".
        assertThat(forcedAtFirst(new Guide.Regex("true;a[a-z]*"))).containsExactly("true", ";");
    }

    @Test
    void whatMayEndIsNotForced() {
        assertThat(forcedAtFirst(new Guide.Choice(List.of("foo", "foo12")))).containsExactly("foo");
        assertThat(forcedAtFirst(new Guide.Regex("(ab)?"))).isEmpty();
    }

    @Test
    void aKeyIsForcedOnceItCanBeNoOther() {
        String schema =
                "{\"type\":\"object\",\"properties\":{\"call foo\":{\"const\":true},\"false\":{\"type\":\"null\"}},"
                        + "\"required\":[\"call foo\",\"false\"],\"additionalProperties\":false}";
        Matcher matcher = matcher(new Guide.JsonSchema(schema, true));
        assertThat(forcedFrom(matcher)).isEmpty(); // white space may follow the brace
        for (byte b : "{\"".getBytes(StandardCharsets.UTF_8)) {
            matcher.accept(b);
        }
        assertThat(forcedFrom(matcher)).startsWith("call", " ", "foo");
    }

    @Test
    void theSpellingIsFreeWhereItIsNotAskedFor() {
        assertThat(texts.matcher(Guide.literal("foobar")).forcedToken()).isEqualTo(Matcher.NO_TOKEN);
    }

    @ParameterizedTest
    @MethodSource("guides")
    void everyAllowedTokenIsAPartOfTheForcedText(Guide guide) {
        SplittableRandom random = new SplittableRandom(6);
        for (int round = 0; round < 10; round++) {
            Matcher matcher = matcher(guide);
            for (int step = 0; step < 20 && !matcher.isFinished(); step++) {
                int forced = matcher.forcedToken();
                if (forced != Matcher.NO_TOKEN) {
                    assertThat(matcher.isComplete()).isFalse();
                    assertThat(matcher.allows(forced)).isTrue();
                    requireOneText(matcher, forced);
                    assertThat(chosen(matcher)).containsExactly(forced);
                }
                matcher.accept(texts.pick(matcher, random));
            }
        }
    }

    private void requireOneText(Matcher matcher, int forced) {
        byte[] text = texts.vocabulary.bytes(forced);
        for (int id = 0; id < texts.vocabulary.size(); id++) {
            if (matcher.allows(id)) {
                byte[] other = texts.vocabulary.bytes(id);
                int common = Math.min(text.length, other.length);
                assertThat(Arrays.equals(text, 0, common, other, 0, common))
                        .as("token %d and the forced one, %d", id, forced)
                        .isTrue();
            }
        }
    }

    /** Tokens that the logits leave. */
    private List<Integer> chosen(Matcher matcher) {
        float[] logits = new float[texts.vocabulary.size()];
        matcher.apply(logits);
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] == 0) {
                ids.add(id);
            }
        }
        return ids;
    }

    @ParameterizedTest
    @MethodSource("guides")
    void whatIsForcedDependsOnTheTextAlone(Guide guide) {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 5; round++) {
            Matcher one = matcher(guide);
            List<Integer> ids = new ArrayList<>();
            List<Integer> forced = new ArrayList<>();
            while (ids.size() < 20 && !one.isFinished()) {
                forced.add(one.forcedToken());
                ids.add(texts.pick(one, random));
                one.accept(ids.getLast());
            }
            // Nothing known, and asked from the end to the beginning.
            Matcher other = new Texts().compiler.compile(guide).spellingMatcher(texts.eos);
            ids.forEach(other::accept);
            for (int i = ids.size() - 1; i >= 0; i--) {
                other.rollback(1);
                assertThat(other.forcedToken()).isEqualTo(forced.get(i));
            }
        }
    }
}
