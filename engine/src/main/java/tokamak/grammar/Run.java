package tokamak.grammar;

/**
 * Lexemes that began in an earlier set and go on.
 *
 * @param origin the set before their first byte
 */
record Run(LexState lexemes, State origin) {}
