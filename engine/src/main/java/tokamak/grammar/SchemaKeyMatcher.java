package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Whether names that are known while compiling match patterns. */
final class SchemaKeyMatcher {
    private record Compiled(RegexPool pool, Regex regex, Work work) {}

    private final Map<String, Compiled> compiled = new HashMap<>();

    boolean matches(SchemaTerm.KeyPattern pattern, String name) {
        try {
            Compiled own = compiled.computeIfAbsent(pattern.pattern(), SchemaKeyMatcher::compile);
            own.work.allow(Limits.MAX_WORK_PER_STEP);
            return own.pool.matches(own.regex, name.getBytes(StandardCharsets.UTF_8));
        } catch (GrammarException e) {
            throw SchemaPlace.unsupported(pattern.path(), "patternProperties", e.getMessage());
        }
    }

    private static Compiled compile(String pattern) {
        Work work = new Work();
        work.allow(Limits.MAX_WORK_PER_STEP);
        RegexPool pool = new RegexPool(work);
        Regex regex = new PatternCompiler(new Utf8Alphabet(pool)).search(PatternParser.parse(pattern));
        return new Compiled(pool, regex, work);
    }
}
