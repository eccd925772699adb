package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code str} and {@code repr}. */
final class Printer {
    private Printer() {}

    static String str(@Nullable Object value, Budget budget) {
        return switch (value) {
            case String s -> s;
            case Markup m -> m.text();
            case Undefined u -> "";
            case null, default -> repr(value, budget);
        };
    }

    static String repr(@Nullable Object value, Budget budget) {
        String scalar = scalar(value);
        if (scalar != null) {
            budget.cells(scalar.length());
            return scalar;
        }
        StringBuilder out = new StringBuilder();
        append(value, out, budget, 0);
        return out.toString();
    }

    private static @Nullable String scalar(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean b -> b ? "True" : "False";
            case Long l -> l.toString();
            case BigInteger i -> i.toString();
            case Double d -> PyText.repr(d);
            case Undefined u -> "Undefined";
            case Range r -> "range(" + r.start() + ", " + r.stop() + (r.step() == 1 ? "" : ", " + r.step()) + ")";
            case Loop loop -> "<LoopContext " + loop.index() + "/" + loop.length() + ">";
            case Macro macro -> "<Macro " + PyText.repr(macro.name()) + ">";
            case NativeFunction f -> "<built-in function " + f.name() + ">";
            case Generator g -> "<" + g.type() + " object>";
            case Cycler c -> "<Cycler>";
            case Joiner j -> "<Joiner>";
            default -> null;
        };
    }

    private static void append(@Nullable Object value, StringBuilder out, Budget budget, int level) {
        int start = out.length();
        switch (value) {
            case String s -> {
                budget.scan(s.length());
                out.append(PyText.repr(s));
            }
            case Markup m -> out.append("Markup(").append(PyText.repr(m.text())).append(')');
            case List<?> list -> {
                items(list, "[", "]", out, budget, level);
                return;
            }
            case Tuple t -> {
                items(t.items(), "(", t.items().size() == 1 ? ",)" : ")", out, budget, level);
                return;
            }
            case Map<?, ?> map -> {
                map(map, out, budget, level);
                return;
            }
            case DictView view -> {
                budget.elements(view.map().size());
                items(view.items(), view.type() + "([", "])", out, budget, level);
                return;
            }
            case Namespace n -> {
                out.append("<Namespace ");
                map(n.attributes, out, budget, level);
                out.append('>');
                return;
            }
            case null, default -> out.append(scalar(value));
        }
        budget.cells(out.length() - start);
    }

    private static void items(List<?> items, String open, String close, StringBuilder out, Budget budget, int level) {
        int next = budget.deeper(level);
        out.append(open);
        String separator = "";
        for (Object item : items) {
            budget.cells(4);
            out.append(separator);
            separator = ", ";
            append(item, out, budget, next);
        }
        out.append(close);
    }

    private static void map(Map<?, ?> map, StringBuilder out, Budget budget, int level) {
        int next = budget.deeper(level);
        out.append('{');
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            budget.cells(6);
            append(entry.getKey(), out, budget, next);
            out.append(": ");
            append(entry.getValue(), out, budget, next);
            if (entries.hasNext()) {
                out.append(", ");
            }
        }
        out.append('}');
    }
}
