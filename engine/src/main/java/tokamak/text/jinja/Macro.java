package tokamak.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.text.jinja.Stmt.MacroSpec;

/** A macro with the variables it can see. */
record Macro(MacroSpec spec, Scope closure) implements Callable {
    String name() {
        return spec.name();
    }

    @Nullable
    Object attribute(String attribute) {
        return switch (attribute) {
            case "name" -> name();
            case "arguments" -> new Tuple(spec.parameters());
            case "catch_kwargs" -> spec.usesKwargs();
            case "catch_varargs" -> spec.usesVarargs();
            case "caller" -> spec.usesCaller();
            default -> Dicts.ABSENT;
        };
    }

    @Override
    public Object call(Interpreter interpreter, Args args) {
        Scope scope = new Scope(closure);
        List<String> parameters = spec.parameters();
        Map<String, @Nullable Object> named = new LinkedHashMap<>(args.named());
        int positional = Math.min(args.positional().size(), parameters.size());
        boolean[] given = new boolean[parameters.size()];
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            given[i] = i < positional || named.containsKey(name);
            if (i < positional) {
                scope.set(name, args.positional().get(i));
            } else if (given[i]) {
                scope.set(name, named.remove(name));
            }
        }
        bindSpecial(scope, named, args.positional());
        return interpreter.capture(() -> {
            for (int i = 0; i < given.length; i++) {
                if (!given[i]) {
                    scope.set(parameters.get(i), missing(interpreter, scope, i));
                }
            }
            return interpreter.run(spec.body(), scope);
        });
    }

    private @Nullable Object missing(Interpreter interpreter, Scope scope, int index) {
        var fallback = spec.defaults().get(index);
        return fallback == null
                ? Undefined.hint("parameter " + PyText.repr(spec.parameters().get(index)) + " was not provided")
                : interpreter.evaluate(fallback, scope);
    }

    private void bindSpecial(Scope scope, Map<String, @Nullable Object> named, List<@Nullable Object> positional) {
        int count = spec.parameters().size();
        if (spec.usesCaller() && !spec.parameters().contains("caller")) {
            Object caller = named.remove("caller");
            scope.set("caller", caller == null ? Undefined.hint("No caller defined") : caller);
        }
        if (spec.usesKwargs()) {
            scope.set("kwargs", named);
        } else if (named.containsKey("caller")) {
            throw JinjaException.typeError("macro " + PyText.repr(name())
                    + " was invoked with two values for the special caller argument. This is most likely a bug.");
        } else if (!named.isEmpty()) {
            throw JinjaException.typeError("macro " + PyText.repr(name()) + " takes no keyword argument "
                    + PyText.repr(named.keySet().iterator().next()));
        }
        if (spec.usesVarargs()) {
            scope.set("varargs", new Tuple(positional.subList(Math.min(count, positional.size()), positional.size())));
        } else if (positional.size() > count) {
            throw JinjaException.typeError(
                    "macro " + PyText.repr(name()) + " takes not more than " + count + " argument(s)");
        }
    }
}
