package tokamak.text.jinja;

import org.jspecify.annotations.Nullable;

/** The few attributes of numbers that make sense in a template. */
final class NumberMethods {
    private NumberMethods() {}

    static @Nullable Object bound(Object self, String name) {
        return switch (name) {
            case "real" -> self instanceof Double ? self : Numbers.normal(Numbers.big(self));
            case "imag" -> self instanceof Double ? (Object) 0.0 : (Object) 0L;
            case "is_integer" ->
                new NativeFunction(name, (in, args) -> !(self instanceof Double d) || Math.rint(d) == d);
            case "bit_length" ->
                self instanceof Double
                        ? Dicts.ABSENT
                        : new NativeFunction(name, (in, args) ->
                                (long) Numbers.big(self).abs().bitLength());
            default -> Dicts.ABSENT;
        };
    }
}
