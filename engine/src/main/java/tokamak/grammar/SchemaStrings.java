package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** What may stand between the quotes of a string. */
final class SchemaStrings {
    private final RegexPool pool;
    private final StringNotation notation;
    private final Alphabet alphabet;
    private final Consumer<GrammarException> unsupported;
    private final Map<String, Regex> patterns = new HashMap<>();
    private final Map<String, Regex> formats = new HashMap<>();
    /** Any text in any spelling. */
    final Regex anything;
    /** Any text in the spellings that conditions see. */
    final Regex anythingPlain;

    /** @param unsupported is told of patterns that can't be followed; they are ignored if it returns */
    SchemaStrings(RegexPool pool, StringNotation notation, Consumer<GrammarException> unsupported) {
        this.pool = pool;
        this.notation = notation;
        this.unsupported = unsupported;
        this.alphabet = notation.alphabet();
        this.anything = pool.star(notation.anySpelling());
        this.anythingPlain = pool.universe(alphabet.anyCharacter());
    }

    /** A whole string with this text. */
    Regex string(Regex text) {
        return notation.string(text);
    }

    /** A whole key with this text. */
    Regex key(Regex text) {
        return notation.key(text);
    }

    /** For which all of these leaves hold. */
    Regex of(Collection<SchemaTerm> leaves) {
        Map<String, JsonNode> values = null;
        List<Regex> conditions = new ArrayList<>();
        int min = 0;
        int max = SchemaTerm.UNLIMITED;
        for (SchemaTerm leaf : leaves) {
            switch (leaf) {
                case SchemaTerm.Values each -> values = common(values, each.values());
                case SchemaTerm.NotValues each -> {
                    List<String> excluded = texts(each.values());
                    if (!excluded.isEmpty()) {
                        conditions.add(pool.not(literals(excluded)));
                    }
                }
                case SchemaTerm.Length each -> {
                    min = Math.max(min, each.min());
                    max = Math.min(max, each.max());
                }
                case SchemaTerm.Matches each -> conditions.add(pattern(each.pattern(), each.path()));
                case SchemaTerm.NotMatches each -> conditions.add(pool.not(pattern(each.pattern(), each.path())));
                case SchemaTerm.Format each -> conditions.add(format(each.name()));
                case SchemaTerm.NotFormat each -> conditions.add(pool.not(format(each.name())));
                default -> {}
            }
        }
        if (min > max) {
            return pool.nothing;
        }
        if (values != null) {
            conditions.add(literals(texts(values.values())));
        }
        boolean isLengthFree = min == 0 && max == SchemaTerm.UNLIMITED;
        if (conditions.isEmpty()) {
            return isLengthFree ? anything : repeat(notation.anySpelling(), min, max);
        }
        if (!isLengthFree) {
            conditions.add(repeat(alphabet.anyCharacter(), min, max));
        }
        conditions.add(anythingPlain);
        return pool.and(conditions);
    }

    private Regex repeat(Regex character, int min, int max) {
        return pool.repeat(character, min, max == SchemaTerm.UNLIMITED ? Regex.UNBOUNDED : max);
    }

    private static Map<String, JsonNode> common(Map<String, JsonNode> before, List<JsonNode> values) {
        Map<String, JsonNode> result = new LinkedHashMap<>();
        for (JsonNode value : values) {
            String key = JsonValues.key(value);
            if (before == null || before.containsKey(key)) {
                result.put(key, value);
            }
        }
        return result;
    }

    private static List<String> texts(Collection<JsonNode> values) {
        return values.stream()
                .filter(JsonNode::isString)
                .map(JsonNode::stringValue)
                .toList();
    }

    /** These texts, in the spellings that writers use. */
    Regex literals(Collection<String> texts) {
        List<byte[]> spellings = new ArrayList<>(texts.size());
        List<Regex> mixed = new ArrayList<>();
        for (String text : texts) {
            List<String> known = notation.spellings(text);
            if (known.size() > 1 && texts.size() <= 1_000) {
                mixed.add(alphabet.text(text));
                continue;
            }
            for (String spelling : known) {
                spellings.add(spelling.getBytes(StandardCharsets.UTF_8));
            }
        }
        mixed.add(pool.literals(spellings));
        return pool.or(mixed);
    }

    /** These values, each in one line, with and without spaces behind commas and colons. */
    Regex whole(List<JsonNode> values) {
        List<byte[]> texts = new ArrayList<>(2 * values.size());
        for (JsonNode value : values) {
            for (String space : List.of("", " ")) {
                StringBuilder text = new StringBuilder();
                write(value, space, text);
                texts.add(text.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        return pool.literals(texts);
    }

    private void write(JsonNode value, String space, StringBuilder out) {
        if (value.isString()) {
            out.append(notation.whole(value.stringValue()));
        } else if (!value.isContainer()) {
            out.append(value);
        } else {
            out.append(value.isArray() ? '[' : '{');
            String separator = "";
            for (Map.Entry<String, JsonNode> each : entries(value)) {
                out.append(separator);
                if (value.isObject()) {
                    out.append(notation.wholeKey(each.getKey())).append(':').append(space);
                }
                write(each.getValue(), space, out);
                separator = "," + space;
            }
            out.append(value.isArray() ? ']' : '}');
        }
    }

    private static List<Map.Entry<String, JsonNode>> entries(JsonNode container) {
        return container.isObject()
                ? List.copyOf(container.properties())
                : container.valueStream().map(each -> Map.entry("", each)).toList();
    }

    /** Texts that a pattern is found in. */
    Regex pattern(String pattern, String path) {
        return patterns.computeIfAbsent(pattern, key -> {
            try {
                return new PatternCompiler(alphabet).search(PatternParser.parse(pattern));
            } catch (GrammarException e) {
                unsupported.accept(SchemaPlace.unsupported(path, "pattern", e.getMessage()));
                return anythingPlain;
            }
        });
    }

    private Regex format(String name) {
        return formats.computeIfAbsent(name, key -> FormatPatterns.compile(name, alphabet));
    }
}
