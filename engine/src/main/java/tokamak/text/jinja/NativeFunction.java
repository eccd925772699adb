package tokamak.text.jinja;

import org.jspecify.annotations.Nullable;

/** A function or method that is built in. */
record NativeFunction(String name, Body body) implements Callable {
    /** What it does. */
    interface Body {
        @Nullable
        Object call(Interpreter interpreter, Args args);
    }

    @Override
    public @Nullable Object call(Interpreter interpreter, Args args) {
        return body.call(interpreter, args);
    }
}
