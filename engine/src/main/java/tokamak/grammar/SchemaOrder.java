package tokamak.grammar;

/** In which order the properties that one schema names may come. Others may stand between them where any are allowed. */
enum SchemaOrder {
    /** As they are written: how models are led through a form. */
    AS_WRITTEN,
    /** Any, where they are few; otherwise as written. */
    ANY
}
