package tokamak.chat;

/** A piece of how a call is written. When it is read, whitespace around a piece is free. */
sealed interface Part {
    /** This text. */
    record Literal(String text) implements Part {}

    /** The function's name; what follows it in the call ends it. */
    record Name() implements Part {}

    /** Kimi's {@code functions.NAME:NUMBER}. */
    record NumberedName(String prefix) implements Part {}

    /** The arguments: a JSON object. */
    record Arguments() implements Part {}

    /**
     * A JSON object with the function's name and its arguments as members.
     *
     * @param idKey a number that the model gives to the call, in front of them; "" for none
     */
    record NamedJson(String idKey, String nameKey, String argumentsKey) implements Part {}

    /**
     * The arguments one after another between tags; strings are not quoted.
     *
     * @param keyBegin before an argument's name
     * @param keyEnd after it
     * @param stringKeyEnd after it instead where the value is a string; "" where only the schema says what a value is
     * @param valueBegin before its value, "" for nothing
     * @param valueEnd after its value
     */
    record Tags(String keyBegin, String keyEnd, String stringKeyEnd, String valueBegin, String valueEnd)
            implements Part {
        Tags(String keyBegin, String keyEnd, String valueBegin, String valueEnd) {
            this(keyBegin, keyEnd, "", valueBegin, valueEnd);
        }
    }

    /** Python's {@code key=value, key=value}. */
    record Keywords() implements Part {}

    /**
     * Gemma's <code>{key:value,key:value}</code>, names without quotation marks.
     *
     * @param quote what stands around strings
     */
    record Unquoted(String quote) implements Part {}
}
