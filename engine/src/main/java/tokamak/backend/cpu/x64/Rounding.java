package tokamak.backend.cpu.x64;

/** What a linear kernel makes of its activations before it multiplies. */
public enum Rounding {
    /** They stay float32, or nearly: within 2^-17 of each. */
    NONE,
    /** Bytes with a scale per 32. */
    BYTES,
    /** The nearest bfloat16. */
    BFLOAT16
}
