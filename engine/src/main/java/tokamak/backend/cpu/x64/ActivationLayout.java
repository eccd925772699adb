package tokamak.backend.cpu.x64;

/**
 * How activations lie for the integer kernels: per group of 32 numbers of one token a scale, one slot per sub-block, and
 * 32 signed bytes. The tokens that a kernel takes together follow each other within a group:
 * {@code [numGroups][tokens][scale f32 | slots | 32 x int8]}.
 *
 * @param subBlock numbers per slot: 16 or 32
 * @param slot what a slot holds
 * @param offset what is subtracted from every weight code
 */
record ActivationLayout(int subBlock, Slot slot, int offset) {
    /** Precomputed from the sum of a sub-block's bytes. */
    enum Slot {
        /** {@code -offset * sum} in 32 bits: where the integer sum starts, so that the offset costs nothing. */
        START,
        /** The same modulo 2^16 with zero above it: where two 16-bit sums start. */
        START_WORD,
        /** {@code scale * sum} as a float: what a weight minimum is multiplied with. */
        SCALED_SUM
    }

    static ActivationLayout of(QuantFormat format, Isa isa) {
        DotMode mode = DotMode.of(format, isa);
        if (format.scales.hasMin) {
            return new ActivationLayout(format.subBlock, Slot.SCALED_SUM, 0);
        }
        return switch (mode) {
            case VNNI, WORD_PAIRS -> new ActivationLayout(format.subBlock, Slot.START, format.offset);
            case WORDS -> new ActivationLayout(format.subBlock, Slot.START_WORD, format.offset);
            case SIGNED -> new ActivationLayout(format.subBlock, Slot.START, 0);
        };
    }

    int slots() {
        return QuantFormat.GROUP / subBlock;
    }

    /** Where the slot of a sub-block is. */
    int slotOffset(int subBlockIndex) {
        return Float.BYTES * (1 + subBlockIndex);
    }

    /** Where the four bytes of a step are. */
    int stepOffset(int step) {
        return Float.BYTES * (1 + slots()) + DotMode.STEP * step;
    }

    /** Bytes per group of one token. */
    int groupBytes() {
        return stepOffset(QuantFormat.GROUP / DotMode.STEP);
    }
}
