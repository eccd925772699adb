package tokamak.grammar;

import org.jspecify.annotations.Nullable;

/**
 * An Earley item: a dot in a rule, and what its end means: that {@code result} has been recognised since {@code origin}.
 *
 * <p>{@code result} is the rule's own nonterminal, except behind a call in last place: there it is the caller's, and the
 * origin too, so that the caller need not be remembered. Right recursion, as in lists, thus takes no memory per element.
 */
final class Item {
    final int position;
    final int result;
    /** The set in which recognising began; {@link State#HERE} for the item's own set. */
    final State origin;

    private final int hash;

    Item(int position, int result, State origin) {
        this.position = position;
        this.result = result;
        this.origin = origin;
        this.hash = (position * 0x9e3779b1 + result) * 0x85ebca6b + origin.id;
    }

    /** The item after the symbol behind its dot, which was recognised from {@code from} on. */
    Item advancedFrom(State from) {
        return new Item(position + 1, result, origin == State.HERE ? from : origin);
    }

    @Override
    public int hashCode() {
        return hash ^ hash >>> 15;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof Item other
                && position == other.position
                && result == other.result
                && origin == other.origin;
    }
}
