package tokamak.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. Looks ahead only when asked to, so that lazy values are taken as late as in Jinja2. */
final class Loop implements Callable {
    private final Iterator<@Nullable Object> items;
    private final int depth0;
    private final @Nullable Recursion recursion;
    private final Budget budget;
    private int index0 = -1;
    private int known = -1;
    private @Nullable Object before = Dicts.ABSENT;
    private @Nullable Object now = Dicts.ABSENT;
    private List<@Nullable Object> ahead = new ArrayList<>(1);
    private int aheadPos;
    private @Nullable Object lastChanged = Dicts.ABSENT;

    /** Runs the loop's body over other items, one level deeper. */
    interface Recursion {
        String run(@Nullable Object iterable, int depth0);
    }

    /** @param size the number of items if the iterable knows it, else -1 */
    Loop(Iterator<@Nullable Object> items, int size, int depth0, @Nullable Recursion recursion, Budget budget) {
        this.items = items;
        this.known = size;
        this.depth0 = depth0;
        this.recursion = recursion;
        this.budget = budget;
    }

    boolean hasNext() {
        return aheadPos < ahead.size() || items.hasNext();
    }

    @Nullable
    Object next() {
        before = now;
        now = aheadPos < ahead.size() ? ahead.set(aheadPos++, null) : items.next();
        index0++;
        return now;
    }

    Iterator<@Nullable Object> remaining() {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return Loop.this.hasNext();
            }

            @Override
            public @Nullable Object next() {
                return Tuple.of(Loop.this.next(), Loop.this);
            }
        };
    }

    long index() {
        return index0 + 1L;
    }

    long length() {
        if (known < 0) {
            List<@Nullable Object> rest = new ArrayList<>(ahead.subList(aheadPos, ahead.size()));
            while (items.hasNext()) {
                budget.elements(1);
                rest.add(items.next());
            }
            ahead = rest;
            aheadPos = 0;
            known = index0 + 1 + rest.size();
        }
        return known;
    }

    private @Nullable Object peek() {
        if (aheadPos == ahead.size()) {
            if (!items.hasNext()) {
                return Undefined.hint("there is no next item");
            }
            ahead.clear();
            aheadPos = 0;
            ahead.add(items.next());
        }
        return ahead.get(aheadPos);
    }

    @Nullable
    Object attribute(String name) {
        return switch (name) {
            case "index" -> index();
            case "index0" -> (long) index0;
            case "first" -> index0 == 0;
            case "last" -> !hasNext();
            case "length" -> length();
            case "revindex" -> length() - index0;
            case "revindex0" -> length() - index();
            case "depth" -> depth0 + 1L;
            case "depth0" -> (long) depth0;
            case "previtem" -> before == Dicts.ABSENT ? Undefined.hint("there is no previous item") : before;
            case "nextitem" -> peek();
            case "cycle" -> new NativeFunction("cycle", (in, args) -> cycle(args));
            case "changed" -> new NativeFunction("changed", (in, args) -> changed(args));
            default -> Dicts.ABSENT;
        };
    }

    private @Nullable Object cycle(Args args) {
        List<@Nullable Object> values = args.positional();
        if (values.isEmpty()) {
            throw JinjaException.typeError("no items for cycling given");
        }
        return values.get(index0 % values.size());
    }

    private boolean changed(Args args) {
        Tuple values = new Tuple(args.positional());
        boolean changed = lastChanged == Dicts.ABSENT || !Operators.equal(lastChanged, values, budget);
        lastChanged = values;
        return changed;
    }

    @Override
    public Object call(Interpreter interpreter, Args args) {
        if (recursion == null) {
            throw JinjaException.typeError("The loop must have the 'recursive' marker to be called recursively.");
        }
        return recursion.run(args.bind("loop", 1, "iterable").get(0), depth0 + 1);
    }
}
