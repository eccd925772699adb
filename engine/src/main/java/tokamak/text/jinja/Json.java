package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes JSON as Python's {@code json.dumps} does. */
final class Json {
    private final Budget budget;
    private final boolean ensureAscii;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean sortKeys;
    private final StringBuilder out = new StringBuilder();

    private Json(
            Budget budget,
            boolean ensureAscii,
            @Nullable String indent,
            String itemSeparator,
            String keySeparator,
            boolean sortKeys) {
        this.budget = budget;
        this.ensureAscii = ensureAscii;
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
        this.sortKeys = sortKeys;
    }

    /** The {@code tojson} filter with Hugging Face's parameters: ensure_ascii, indent, separators, sort_keys. */
    static Object filter(Interpreter in, @Nullable Object value, Args args) {
        Budget budget = in.budget();
        Args.Bound bound = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        String indent = indent(bound.or(1, null), budget);
        String itemSeparator = indent == null ? ", " : ",";
        String keySeparator = ": ";
        if (bound.or(2, null) != null) {
            List<@Nullable Object> pair = Sequences.list(bound.get(2), budget);
            if (pair.size() != 2) {
                throw JinjaException.valueError("tojson separators must be two strings, got " + pair.size());
            }
            itemSeparator = Numbers.requireString(pair.get(0));
            keySeparator = Numbers.requireString(pair.get(1));
        }
        Json json = new Json(budget, bound.flag(0, false), indent, itemSeparator, keySeparator, bound.flag(3, false));
        json.write(value, 0);
        return json.out.toString();
    }

    private static @Nullable String indent(@Nullable Object given, Budget budget) {
        if (given == null) {
            return null;
        }
        if (Types.isString(given)) {
            return Types.string(given);
        }
        int width = Math.max(0, Numbers.index(given));
        budget.cells(width);
        return " ".repeat(width);
    }

    private void write(@Nullable Object value, int level) {
        switch (value) {
            case null -> append("null");
            case Boolean b -> append(b ? "true" : "false");
            case Long l -> append(l.toString());
            case BigInteger i -> append(i.toString());
            case Double d -> append(number(d));
            case String s -> string(s);
            case Markup m -> string(m.text());
            case List<?> list -> array(list, level);
            case Tuple t -> array(t.items(), level);
            case Map<?, ?> map -> object(map, level);
            default ->
                throw JinjaException.typeError("Object of type " + Types.name(value) + " is not JSON serializable");
        }
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        return Double.isInfinite(value) ? value > 0 ? "Infinity" : "-Infinity" : PyText.repr(value);
    }

    private void array(List<?> items, int level) {
        int next = budget.deeper(level);
        if (items.isEmpty()) {
            append("[]");
            return;
        }
        append("[");
        boolean first = true;
        for (Object item : items) {
            separator(first, next);
            first = false;
            write(item, next);
        }
        lineBreak(level);
        append("]");
    }

    private void object(Map<?, ?> map, int level) {
        int next = budget.deeper(level);
        if (map.isEmpty()) {
            append("{}");
            return;
        }
        append("{");
        boolean first = true;
        for (Map.Entry<?, ?> entry : entries(map)) {
            separator(first, next);
            first = false;
            string(key(entry.getKey()));
            append(keySeparator);
            write(entry.getValue(), next);
        }
        lineBreak(level);
        append("}");
    }

    private Iterable<? extends Map.Entry<?, ?>> entries(Map<?, ?> map) {
        if (!sortKeys) {
            return map.entrySet();
        }
        budget.elements(map.size());
        List<Map.Entry<?, ?>> sorted = new ArrayList<>(map.entrySet());
        sorted.sort((a, b) -> Operators.order(a.getKey(), b.getKey(), budget));
        return sorted;
    }

    private static String key(@Nullable Object key) {
        return switch (key) {
            case String s -> s;
            case null -> "null";
            case Boolean b -> b ? "true" : "false";
            case Double d -> number(d);
            case Long l -> l.toString();
            case BigInteger i -> i.toString();
            default ->
                throw JinjaException.typeError("keys must be str, int, float, bool or None, not " + Types.name(key));
        };
    }

    private void separator(boolean first, int level) {
        if (!first) {
            append(itemSeparator);
        }
        lineBreak(level);
    }

    private void lineBreak(int level) {
        if (indent != null) {
            append("\n");
            for (int i = 0; i < level; i++) {
                append(indent);
            }
        }
    }

    private void append(String text) {
        budget.cells(text.length());
        out.append(text);
    }

    private void string(String text) {
        int start = out.length();
        budget.cells(text.length());
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < ' ' || ensureAscii && c > '~' && c != 0x7f) {
                        out.append("\\u").append(HexFormat.of().toHexDigits(c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
        budget.cells(Math.max(0, out.length() - start - text.length()));
    }
}
