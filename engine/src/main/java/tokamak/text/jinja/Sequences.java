package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What can be iterated, counted and indexed. */
final class Sequences {
    private Sequences() {}

    static boolean isIterable(@Nullable Object value) {
        return switch (value) {
            case String s -> true;
            case Markup m -> true;
            case List<?> l -> true;
            case Map<?, ?> m -> true;
            case Tuple t -> true;
            case Range r -> true;
            case DictView v -> true;
            case Generator g -> true;
            case Undefined u -> true;
            case Loop l -> true;
            case null, default -> false;
        };
    }

    @SuppressWarnings("unchecked")
    static Iterator<@Nullable Object> iterate(@Nullable Object value, Budget budget) {
        return switch (value) {
            case List<?> list -> (Iterator<@Nullable Object>) list.iterator();
            case Tuple t -> t.items().iterator();
            case Range r -> r.items().iterator();
            case Map<?, ?> map ->
                (Iterator<@Nullable Object>) (Iterator<?>) map.keySet().iterator();
            case DictView v -> {
                budget.elements(v.map().size());
                yield v.items().iterator();
            }
            case Generator g -> g.iterator();
            case String s -> characters(s, budget).iterator();
            case Markup m -> characters(m.text(), budget).iterator();
            case Undefined u -> Collections.emptyIterator();
            case Loop loop -> loop.remaining();
            case null, default ->
                throw JinjaException.typeError(PyText.repr(Types.name(value)) + " object is not iterable");
        };
    }

    private static List<@Nullable Object> characters(String text, Budget budget) {
        budget.elements(text.length());
        List<@Nullable Object> all = new ArrayList<>(text.length());
        for (int i = 0; i < text.length(); ) {
            String one = Character.toString(text.codePointAt(i));
            all.add(one);
            i += one.length();
        }
        return all;
    }

    /** A fresh list of the values. */
    static List<@Nullable Object> list(@Nullable Object value, Budget budget) {
        if (value instanceof List<?> list) {
            budget.elements(list.size());
            return new ArrayList<>(list);
        }
        List<@Nullable Object> all = new ArrayList<>();
        Iterator<@Nullable Object> items = iterate(value, budget);
        while (items.hasNext()) {
            budget.elements(1);
            all.add(items.next());
        }
        return all;
    }

    /** The items of a list, tuple or range without copying; null for anything else. */
    @SuppressWarnings("unchecked")
    static @Nullable List<@Nullable Object> indexed(@Nullable Object value) {
        return switch (value) {
            case List<?> list -> (List<@Nullable Object>) list;
            case Tuple t -> t.items();
            case Range r -> r.items();
            case null, default -> null;
        };
    }

    static long length(@Nullable Object value, Budget budget) {
        return switch (value) {
            case String s -> {
                budget.scan(s.length());
                yield PyText.length(s);
            }
            case Markup m -> PyText.length(m.text());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Tuple t -> t.items().size();
            case Range r -> r.items().size();
            case DictView v -> v.map().size();
            case Loop loop -> loop.length();
            case Undefined u -> 0;
            case null, default ->
                throw JinjaException.typeError("object of type " + PyText.repr(Types.name(value)) + " has no len()");
        };
    }

    /** A generator whose values come from {@code next}, which answers {@link Dicts#ABSENT} at the end. */
    static Generator generate(Budget budget, Supplier<@Nullable Object> next) {
        return new Generator(new Iterator<>() {
            private @Nullable Object ahead;
            private boolean loaded;

            @Override
            public boolean hasNext() {
                if (!loaded) {
                    // Generators over generators over ... are recursion like any other.
                    budget.enter();
                    ahead = next.get();
                    budget.leave();
                    loaded = true;
                }
                return ahead != Dicts.ABSENT;
            }

            @Override
            public @Nullable Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                loaded = false;
                return ahead;
            }
        });
    }
}
