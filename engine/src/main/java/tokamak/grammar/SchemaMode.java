package tokamak.grammar;

/** What is done about keywords of a schema that can't be followed. */
enum SchemaMode {
    /** Refuse the schema, naming keyword and place. */
    STRICT,
    /** Warn, and allow what the schema would allow without the keyword. */
    LENIENT
}
