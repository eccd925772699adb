package tokamak.api;

/** How the states of a text's tokens become one vector. */
public enum Pooling {
    /** The last token's: in models that read forward it has seen all others. */
    LAST,
    /** The mean of all. */
    MEAN,
    /** The first token's: what encoders with a class token were trained for. */
    FIRST
}
