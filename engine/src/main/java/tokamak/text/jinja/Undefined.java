package tokamak.text.jinja;

import org.jspecify.annotations.Nullable;

/**
 * A value that is not there. It prints as nothing, is false and empty; doing anything else with it is an error.
 *
 * @param error Python's name of that error
 * @param message what the error says
 */
record Undefined(String error, String message) {
    static Undefined variable(String name) {
        return new Undefined("UndefinedError", PyText.repr(name) + " is undefined");
    }

    static Undefined hint(String message) {
        return new Undefined("UndefinedError", message);
    }

    static Undefined attribute(@Nullable Object owner, String name) {
        return hint(PyText.repr(Types.described(owner)) + " has no attribute " + PyText.repr(name));
    }

    static Undefined element(@Nullable Object owner, String key) {
        return hint(Types.described(owner) + " has no element " + key);
    }

    static Undefined unsafe(@Nullable Object owner, String name) {
        return new Undefined(
                "SecurityError",
                "access to attribute " + PyText.repr(name) + " of " + PyText.repr(Types.name(owner))
                        + " object is unsafe.");
    }

    JinjaException fail() {
        return JinjaException.runtime(error, message);
    }
}
