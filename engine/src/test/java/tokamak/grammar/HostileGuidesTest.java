package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Guide;

/** Guides that are meant to be too much: each works, or is an error that says why. */
@Timeout(60)
final class HostileGuidesTest {
    private final Texts texts = new Texts();

    static Map<String, Guide> guides() {
        Map<String, Guide> guides = new LinkedHashMap<>();
        for (String regex : List.of(
                "(a+)+b",
                "(a|a)*b",
                "(a*)*",
                "((a*)*)*b",
                "(a|aa)+b",
                "(x+x+)+y",
                "(a?){200}a{200}",
                "((a{0,100}){0,100}){0,100}",
                "(a{1,1000}){1,1000}",
                "a{100000}",
                "(ab|a|b){0,5000}c",
                "(a|b|c)*a(a|b|c){30}d",
                "(a|b)*a(a|b){200}",
                "(.*a){50}",
                "(.*)(.*)(.*)(.*)(.*)(.*)x",
                "\\p{L}{0,2000}",
                "[\\s\\S]{0,100000}",
                "(?=(a|b)*a(a|b){20})(a|b)*b(a|b){19}",
                "(?!.*a.*b.*c)[a-z]*",
                "(((((((((a*)*)*)*)*)*)*)*)*)*b")) {
            guides.put(regex, new Guide.Regex(regex));
        }
        guides.put("deep groups", new Guide.Regex("(".repeat(100_000) + "a" + ")".repeat(100_000)));
        guides.put("a long pattern", new Guide.Regex("ab?".repeat(300_000)));
        guides.put("many alternatives", new Guide.Regex(numbers(20_000, "|")));
        guides.put("left recursion", new Guide.Grammar("root ::= root \"a\" | \"a\""));
        guides.put("hidden left recursion", new Guide.Grammar("root ::= a root \"b\" | \"c\"\na ::= \"x\"?"));
        guides.put("a rule that is itself", new Guide.Grammar("root ::= root | \"a\" | root root"));
        guides.put("rules in a circle", new Guide.Grammar("root ::= a\na ::= b\nb ::= c | \"x\"\nc ::= a | a c"));
        guides.put("no end", new Guide.Grammar("root ::= \"a\" root"));
        guides.put("ambiguous", new Guide.Grammar("root ::= root root root | root root | \"a\" | \"aa\""));
        guides.put(
                "left recursion in Lark",
                new Guide.Grammar("start: start start | start \"a\" | \"a\"\n%ignore /[ ]*/"));
        guides.put(
                "a chain of rules",
                new Guide.Grammar("root ::= r0\n"
                        + IntStream.range(0, 50_000)
                                .mapToObj(i -> "r" + i + " ::= \"a\" r" + (i + 1) + "? \"b\"")
                                .collect(Collectors.joining("\n"))
                        + "\nr50000 ::= \"c\""));
        guides.put("a grammar of 1 MB", new Guide.Grammar("root ::= " + numbers(100_000, "\" | \"", "\"")));
        guides.put("deep groups in a grammar", new Guide.Grammar("root ::= " + "(".repeat(100_000) + "\"a\""));
        guides.put(
                "nested counts", new Guide.Grammar("root ::= (((\"a\" x?){0,1000}){0,1000}){0,1000}\nx ::= \"b\" x"));
        guides.put(
                "nested counts of what ends",
                new Guide.Grammar("root ::= (((\"a\" x?){0,90}){0,90}){0,90}\nx ::= \"b\" x?"));
        guides.put(
                "choice of 10,000",
                new Guide.Choice(Arrays.asList(numbers(10_000, "|").split("\\|"))));
        guides.put("choice of 1 MB in one", new Guide.Choice(List.of("x".repeat(1 << 20))));
        List<String> nested = new ArrayList<>();
        for (int i = 0; i < 1400; i++) {
            nested.add("a".repeat(i));
        }
        guides.put("choice of prefixes", new Guide.Choice(nested));
        guides.put("many counts", new Guide.Repeat(new Guide.Repeat(Guide.literal("a"), 0, 1000), 0, 100_000));
        Guide deep = Guide.literal("a");
        for (int i = 0; i < 1000; i++) {
            deep = Guide.sequence(deep);
        }
        guides.put("deep guides", deep);
        guides.put(
                "a thousand ends",
                new Guide.FreeUntil(Arrays.asList(numbers(1000, "|").split("\\|")), java.util.OptionalInt.empty()));
        guides.put(
                "unevaluatedProperties beside allOf doubling 40 times",
                new Guide.JsonSchema(
                        "{\"unevaluatedProperties\":false,\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                                + IntStream.range(0, 40)
                                        .mapToObj(i ->
                                                "\"d%d\":{\"allOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},"
                                                        .formatted(i, i + 1, i + 1))
                                        .collect(Collectors.joining())
                                + "\"d40\":{\"properties\":{\"a\":{}}}}}",
                        true));
        return guides;
    }

    private static String numbers(int count, String separator) {
        return IntStream.range(0, count).mapToObj(i -> "n" + i * 7919L).collect(Collectors.joining(separator));
    }

    private static String numbers(int count, String separator, String around) {
        return around + numbers(count, separator) + around;
    }

    static List<String> names() {
        return List.copyOf(guides().keySet());
    }

    @ParameterizedTest
    @MethodSource("names")
    void worksOrSaysWhyNot(String name) {
        try {
            Matcher matcher = texts.matcher(guides().get(name));
            for (int i = 0; i < 60 && !matcher.isFinished(); i++) {
                // As long as can be: the first allowed token is seldom the end of anything.
                matcher.accept(matcher.allows('a') ? 'a' : texts.pick(matcher, new java.util.SplittableRandom(i)));
            }
        } catch (GrammarException e) {
            assertThat(e).hasMessageMatching("(?s).{20,500}");
        }
    }

    @Test
    void recursionOfEveryKindWorks() {
        assertThat(texts.accepts(guides().get("left recursion"), "aaaaaa")).isTrue();
        assertThat(texts.accepts(guides().get("left recursion"), "aab")).isFalse();
        assertThat(texts.accepts(guides().get("hidden left recursion"), "xxcbbb"))
                .isTrue();
        assertThat(texts.accepts(guides().get("hidden left recursion"), "xxcb")).isFalse();
        assertThat(texts.accepts(guides().get("hidden left recursion"), "cb")).isTrue();
        assertThat(texts.accepts(guides().get("rules in a circle"), "xxx")).isTrue();
        assertThat(texts.accepts(guides().get("a rule that is itself"), "aaa")).isTrue();
        assertThat(texts.accepts(guides().get("ambiguous"), "a".repeat(40))).isTrue();
        assertThat(texts.accepts(guides().get("(a+)+b"), "a".repeat(1000) + "b"))
                .isTrue();
        assertThat(texts.accepts(guides().get("(a+)+b"), "a".repeat(1000) + "c"))
                .isFalse();
    }
}
