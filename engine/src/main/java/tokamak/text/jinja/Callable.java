package tokamak.text.jinja;

import org.jspecify.annotations.Nullable;

/** Something a template can call. */
sealed interface Callable permits NativeFunction, Macro, Loop, Joiner {
    @Nullable
    Object call(Interpreter interpreter, Args args);
}
