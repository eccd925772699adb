package tokamak;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import tokamak.api.Guide;
import tokamak.grammar.GrammarCompiler;
import tokamak.grammar.Matcher;

/** Compiles and follows guides of the usual kinds, so that the first request finds its classes loaded and its code compiled. */
final class GuideRehearsal {
    static final int ROUNDS = 4;

    /** As long as tokens are. */
    private static final int BYTES_PER_MASK = 4;

    private static final String PERSON = """
            {"type":"object","properties":{"name%d":{"type":"string","minLength":1,"maxLength":30},
            "age":{"type":"integer","minimum":0,"maximum":150},"share":{"type":"number","minimum":0.5},"kind":{"enum":["red","blue"]},
            "zip":{"type":"string","pattern":"^[0-9]{5}$"},"when":{"type":"string","format":"date-time"},
            "mail":{"type":"string","format":"email"},"note":{"anyOf":[{"type":"string"},{"type":"null"}]},
            "tags":{"type":"array","items":{"type":"string"},"maxItems":5},"next":{"$ref":"#/$defs/point"}},
            "required":["name%d","age","share","kind","zip","when","mail","note","tags","next"],"additionalProperties":false,
            "$defs":{"point":{"type":"object","properties":{"x":{"type":"number"},"ok":{"type":"boolean"}},"required":["x"]}}}
            """;
    private static final String PERSON_TEXT = """
            {"name%d": "some words", "age": 31, "share": 2.5, "kind": "red", "zip": "12345", "when": "2026-01-31T10:00:00Z",\
             "mail": "a@b.org", "note": null, "tags": ["x", "\\n"], "next": {"x": -1e3, "ok": true}}""";
    private static final String LIST = "root ::= item (\", \" item)*\nitem ::= [a-z]+ [0-9]{1,%d} | \"(\" root \")\"\n";

    private GuideRehearsal() {}

    /**
     * Takes a second or two on one core.
     *
     * @return guides that have been followed to their end: fewer than {@link #ROUNDS} where the vocabulary does not have every byte
     */
    static int run(GrammarCompiler compiler) {
        int ended = 0;
        for (int i = 1; i <= ROUNDS; i++) {
            String end = "</" + i + ">";
            Guide guide = Guide.sequence(
                    Guide.afterReasoning(end, OptionalInt.of(100), new Guide.JsonSchema(PERSON.formatted(i, i), true)),
                    new Guide.JsonObject(),
                    new Guide.Regex("[a-z]{1,30}\\." + i),
                    new Guide.Grammar(LIST.formatted(i)));
            String text = "I see" + end + PERSON_TEXT.formatted(i) + "{\"x\": [null]}abc." + i + "ab1, (cd3)";
            ended += follow(compiler, guide, text) ? 1 : 0;
        }
        return ended;
    }

    private static boolean follow(GrammarCompiler compiler, Guide guide, String text) {
        Matcher matcher = compiler.compile(guide).spellingMatcher();
        float[] logits = new float[compiler.numTokens()];
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            OptionalInt token = compiler.tokenOf(bytes[i]);
            if (token.isEmpty() || matcher.isDead()) {
                return false;
            }
            if (i % BYTES_PER_MASK == 0) {
                matcher.prepare();
                matcher.apply(logits);
            }
            matcher.accept(token.getAsInt());
        }
        return matcher.isComplete();
    }
}
