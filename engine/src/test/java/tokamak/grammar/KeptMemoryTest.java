package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Guide;

/** What is found out about guides is kept, but never more than so much. */
@Timeout(60)
final class KeptMemoryTest {
    private final Texts texts = new Texts();

    static List<Guide> growing() {
        String items =
                IntStream.range(0, 2000).mapToObj(i -> "\"k" + i + "\" v \",\"").collect(Collectors.joining(" | "));
        return List.of(
                // Every text is a set of its own, and an automaton's.
                new Guide.Regex("((a|b)*a(a|b){8}c)*((a|b)*b(a|b){9}d)*"),
                new Guide.Regex("([\\s\\S]{0,3000}x){0,3}"),
                // Every depth is.
                new Guide.Grammar("root ::= \"(\" root \")\" root | [a-c]* \"x\""),
                // Sets with many items and lexemes.
                new Guide.Grammar("root ::= (" + items + ")*\nv ::= [a-z]+ | \"[\" v (\" \" v)* \"]\""));
    }

    @ParameterizedTest
    @MethodSource("growing")
    void oneGrammarKeepsABoundedAmount(Guide guide) {
        Grammar grammar = texts.compiler.compile(guide);
        long compiled = grammar.numBytes();
        SplittableRandom random = new SplittableRandom(8);
        for (int round = 0; round < 12; round++) {
            Matcher matcher = grammar.matcher(texts.eos);
            for (int step = 0; step < 150 && !matcher.isFinished(); step++) {
                matcher.accept(texts.pick(matcher, random));
                // A step does not make more than this.
                assertThat(grammar.numBytes()).isLessThan(compiled + 2 * Limits.MAX_KEPT_BYTES);
            }
        }
    }

    @Test
    void whatIsForgottenIsFoundAgain() {
        Guide guide = growing().getLast();
        Grammar grammar = texts.compiler.compile(guide);
        SplittableRandom random = new SplittableRandom(9);
        Matcher standing = grammar.matcher(texts.eos);
        for (int i = 0; i < 40; i++) {
            standing.accept(texts.pick(standing, random));
        }
        long before = 0;
        for (int steps = 0; grammar.numBytes() >= before; ) {
            Matcher other = grammar.matcher(texts.eos);
            for (int i = 0; i < 300 && grammar.numBytes() >= before; i++) {
                before = grammar.numBytes();
                other.accept(texts.pick(other, random));
                assertThat(steps++).isLessThan(20_000);
            }
        }
        // One goes on where it stood, one comes there with a grammar that has never forgotten anything.
        Matcher fresh = new Texts().compiler.compile(guide).matcher(texts.eos);
        standing.rollback(40);
        for (int i = 0; i < 40; i++) {
            assertThat(count(standing)).isEqualTo(count(fresh));
            int id = texts.pick(fresh, random);
            standing.accept(id);
            fresh.accept(id);
        }
    }

    private int count(Matcher matcher) {
        return (int) IntStream.range(0, texts.vocabulary.size())
                .filter(matcher::allows)
                .count();
    }

    @Test
    void asManyGrammarsAreKeptAsThereIsRoomFor() {
        for (int i = 0; i < 300; i++) {
            texts.compiler.compile(new Guide.Regex("[a-z]{1," + (i + 1) + "}"));
            assertThat(texts.compiler.kept().count()).isLessThanOrEqualTo(GrammarCompiler.MAX_KEPT);
        }
        assertThat(texts.compiler.kept().count()).isEqualTo(GrammarCompiler.MAX_KEPT);
        SplittableRandom random = new SplittableRandom(10);
        for (int i = 0; i < 40; i++) {
            String words = random.ints(5000, 0, Integer.MAX_VALUE)
                    .mapToObj(word -> Integer.toString(word, 36))
                    .collect(Collectors.joining("|"));
            texts.compiler.compile(new Guide.Regex(words));
            assertThat(texts.compiler.kept().numBytes()).isLessThanOrEqualTo(GrammarCompiler.MAX_KEPT_BYTES);
        }
        assertThat(texts.compiler.kept().count()).isBetween(2, GrammarCompiler.MAX_KEPT - 1);
    }
}
