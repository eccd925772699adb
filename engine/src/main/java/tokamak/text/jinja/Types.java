package tokamak.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's names for the types of values. */
final class Types {
    private Types() {}

    static String name(@Nullable Object value) {
        return switch (value) {
            case null -> "NoneType";
            case String s -> "str";
            case Boolean b -> "bool";
            case Long l -> "int";
            case BigInteger i -> "int";
            case Double d -> "float";
            case List<?> l -> "list";
            case Map<?, ?> m -> "dict";
            case Tuple t -> "tuple";
            case Undefined u -> "Undefined";
            case Markup m -> "Markup";
            case Range r -> "range";
            case Generator g -> g.type();
            case DictView v -> v.type();
            case Namespace n -> "Namespace";
            case Loop l -> "LoopContext";
            case Macro m -> "Macro";
            case NativeFunction f -> "builtin_function_or_method";
            case Cycler c -> "Cycler";
            default -> value.getClass().getSimpleName();
        };
    }

    /** As Jinja2 names an object in the messages of undefined values. */
    static String described(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case Undefined u -> "Undefined";
            case Markup m -> "markupsafe.Markup object";
            case Namespace n -> "jinja2.utils.Namespace object";
            case Cycler c -> "jinja2.utils.Cycler object";
            case Loop l -> "jinja2.runtime.LoopContext object";
            case Macro m -> "jinja2.runtime.Macro object";
            default -> name(value) + " object";
        };
    }

    static boolean isString(@Nullable Object value) {
        return value instanceof String || value instanceof Markup;
    }

    /** The characters of a string, safe or not; null for anything else. */
    static @Nullable String string(@Nullable Object value) {
        return switch (value) {
            case String s -> s;
            case Markup m -> m.text();
            case null, default -> null;
        };
    }

    static boolean isCallable(@Nullable Object value) {
        return value instanceof Callable || value instanceof Undefined;
    }

    static boolean isMutable(@Nullable Object value) {
        return value instanceof List || value instanceof Map;
    }
}
