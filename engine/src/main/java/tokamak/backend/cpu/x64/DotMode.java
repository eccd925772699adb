package tokamak.backend.cpu.x64;

/**
 * How four neighbouring products of an unsigned weight code and a signed activation are added in one 32-bit lane. All
 * modes compute the same integer.
 */
enum DotMode {
    /** vpdpbusd adds four products to 32 bits at once. */
    VNNI,
    /** vpmaddubsw adds pairs in 16 bits; a whole sub-block fits there and is widened once. */
    WORDS,
    /** vpmaddubsw; two steps fit in 16 bits and are widened together. */
    WORD_PAIRS,
    /** Codes of eight bits: the sign of the weight moves to the activation, and every step is widened. */
    SIGNED;

    /** Bytes of four neighbours are one step. */
    static final int STEP = 4;

    private static final int MAX_WORD = 32767;
    private static final int MAX_ACTIVATION = 127;

    static DotMode of(QuantFormat format, Isa isa) {
        return switch (isa) {
            case AVX_VNNI, AVX512, AVX512_BF16, AMX -> VNNI;
            case AVX2 -> {
                int stepSum = format.maxCode() * 2 * MAX_ACTIVATION;
                if (format.maxCode() > 127) {
                    yield SIGNED;
                }
                if (stepSum * (format.subBlock / STEP) <= MAX_WORD) {
                    yield WORDS;
                }
                if (format.hasCodebook()) {
                    yield SIGNED; // pairs need the register that the table is in
                }
                if (2 * stepSum > MAX_WORD) {
                    throw new IllegalStateException("two steps of " + format + " overflow 16 bits");
                }
                yield WORD_PAIRS;
            }
        };
    }
}
