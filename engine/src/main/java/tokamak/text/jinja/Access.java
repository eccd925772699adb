package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code value.name}, {@code value[key]} and slices, in the order in which the sandbox of Jinja2 tries things. */
final class Access {
    private Access() {}

    /** Attribute first (methods), then key. */
    static @Nullable Object attribute(@Nullable Object owner, String name, Budget budget) {
        Object found = ownAttribute(owner, name);
        if (found != Dicts.ABSENT) {
            return found;
        }
        if (owner instanceof Map<?, ?> map) {
            Object value = map.get(name);
            return value != null || map.containsKey(name) ? value : Undefined.attribute(owner, name);
        }
        return Undefined.attribute(owner, name);
    }

    /** Key or index first, then attribute. */
    static @Nullable Object item(@Nullable Object owner, @Nullable Object key, Budget budget) {
        Object found = ownItem(owner, key, budget);
        if (found != Dicts.ABSENT) {
            return found;
        }
        String name = Types.string(key);
        if (name == null) {
            return Undefined.element(owner, Printer.repr(key, budget));
        }
        Object attribute = ownAttribute(owner, name);
        return attribute == Dicts.ABSENT ? Undefined.attribute(owner, name) : attribute;
    }

    private static @Nullable Object ownItem(@Nullable Object owner, @Nullable Object key, Budget budget) {
        if (owner instanceof Undefined undefined) {
            throw undefined.fail();
        }
        if (owner instanceof Map<?, ?> map) {
            return key instanceof List || key instanceof Map ? Dicts.ABSENT : Dicts.get(map, key, budget);
        }
        if (!(key instanceof Long || key instanceof Boolean)) {
            return Dicts.ABSENT;
        }
        long index = Numbers.big(key).longValue();
        List<@Nullable Object> items = Sequences.indexed(owner);
        if (items != null) {
            long at = index < 0 ? index + items.size() : index;
            return at >= 0 && at < items.size() ? items.get((int) at) : Dicts.ABSENT;
        }
        String text = Types.string(owner);
        return text == null ? Dicts.ABSENT : wrapLike(owner, characterAt(text, index, budget));
    }

    private static Object characterAt(String text, long index, Budget budget) {
        budget.scan(text.length());
        int length = PyText.length(text);
        long at = index < 0 ? index + length : index;
        if (at < 0 || at >= length) {
            return Dicts.ABSENT;
        }
        int offset = length == text.length() ? (int) at : PyText.offset(text, (int) at);
        return Character.toString(text.codePointAt(offset));
    }

    static @Nullable Object wrapLike(@Nullable Object owner, @Nullable Object value) {
        return owner instanceof Markup && value instanceof String text ? new Markup(text) : value;
    }

    /** What Python's getattr finds, or {@link Dicts#ABSENT}. */
    static @Nullable Object ownAttribute(@Nullable Object owner, String name) {
        if (owner instanceof Undefined undefined) {
            throw undefined.fail();
        }
        Object found = switch (owner) {
            case Namespace n -> n.attributes.getOrDefault(name, Dicts.ABSENT);
            case Loop loop -> loop.attribute(name);
            case Cycler cycler -> cycler.attribute(name);
            case Macro macro -> macro.attribute(name);
            case String s -> TextMethods.bound(s, name);
            case Markup m -> TextMethods.bound(m, name);
            case List<?> list -> ListMethods.bound(list, name);
            case Tuple tuple -> ListMethods.bound(tuple, name);
            case Map<?, ?> map -> DictMethods.bound(map, name);
            case Object o when Numbers.isNumber(o) -> NumberMethods.bound(o, name);
            case null, default -> Dicts.ABSENT;
        };
        // Everything in Python has attributes with underscores around them; the sandbox hides them all.
        return found == Dicts.ABSENT && name.startsWith("__") && name.endsWith("__")
                ? Undefined.unsafe(owner, name)
                : found;
    }

    static @Nullable Object slice(
            @Nullable Object owner,
            @Nullable Object start,
            @Nullable Object stop,
            @Nullable Object step,
            Budget budget) {
        if (owner instanceof Undefined undefined) {
            throw undefined.fail();
        }
        String text = Types.string(owner);
        List<@Nullable Object> items = Sequences.indexed(owner);
        if (text == null && items == null) {
            throw JinjaException.typeError(
                    owner instanceof Map
                            ? "unhashable type: 'slice'"
                            : PyText.repr(Types.name(owner)) + " object is not subscriptable");
        }
        int length = text != null ? PyText.length(text) : items == null ? 0 : items.size();
        int stride = step == null ? 1 : sliceIndex(step);
        if (stride == 0) {
            throw JinjaException.valueError("slice step cannot be zero");
        }
        int from = bound(start, length, stride, stride > 0 ? 0 : length - 1);
        int to = bound(stop, length, stride, stride > 0 ? length : -1);
        if (text != null) {
            return wrapLike(owner, sliceText(text, length, from, to, stride, budget));
        }
        if (owner instanceof Range range) {
            long first = range.start() + from * range.step();
            return Range.of(first, range.start() + to * range.step(), Math.multiplyExact(range.step(), (long) stride));
        }
        List<@Nullable Object> taken = new ArrayList<>();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            budget.elements(1);
            taken.add(Objects.requireNonNull(items).get((int) i)); // text was dealt with above
        }
        return owner instanceof List ? taken : new Tuple(taken);
    }

    private static int sliceIndex(Object value) {
        if (!Numbers.isInteger(value) && !(value instanceof Undefined)) {
            throw JinjaException.typeError("slice indices must be integers or None or have an __index__ method");
        }
        return Numbers.index(value);
    }

    /** One end of a slice within [0, length] going up, [-1, length - 1] going down. */
    private static int bound(@Nullable Object given, int length, int stride, int fallback) {
        if (given == null) {
            return fallback;
        }
        int index = sliceIndex(given);
        long at = index < 0 ? (long) index + length : index;
        return stride > 0 ? Math.clamp(at, 0, length) : Math.clamp(at, -1, length - 1);
    }

    private static String sliceText(String text, int length, int from, int to, int stride, Budget budget) {
        budget.scan(text.length());
        if (stride == 1) {
            if (from >= to) {
                return "";
            }
            int begin = length == text.length() ? from : PyText.offset(text, from);
            int end = length == text.length() ? to : text.offsetByCodePoints(begin, to - from);
            budget.cells(end - begin);
            return text.substring(begin, end);
        }
        budget.cells(4L * length);
        int[] codePoints = text.codePoints().toArray();
        StringBuilder taken = new StringBuilder();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            taken.appendCodePoint(codePoints[(int) i]);
        }
        return taken.toString();
    }
}
