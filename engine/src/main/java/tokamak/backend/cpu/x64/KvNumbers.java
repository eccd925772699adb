package tokamak.backend.cpu.x64;

import tokamak.backend.KvType;

/**
 * How the numbers of a head lie in a KV block, with the scales and minima of its tokens before them.
 *
 * <p>A block's keys are {@code [headDim][16 tokens]}, so that a register holds one number of sixteen tokens and no sum runs
 * across lanes; its values {@code [16 tokens][valueDim]}, so that a walk over tokens with all their numbers goes through memory
 * front to back, as processors foresee best.
 */
record KvNumbers(KvType type) {
    /** Tokens of a block. */
    static final int BLOCK = 16;

    /** Where a block has the minima: behind its scales. */
    static final int MINIMA = BLOCK * Short.BYTES;

    /** Bytes of so many stored numbers. */
    int bytes(int numbers) {
        return switch (type) {
            case F32 -> numbers * Float.BYTES;
            case F16 -> numbers * Short.BYTES;
            case INT8 -> numbers;
            case INT4 -> numbers / 2;
        };
    }

    /** Bytes of one token's scale in a block. */
    int scaleBytes() {
        return switch (type) {
            case F32, F16 -> 0;
            case INT8 -> Float.BYTES;
            case INT4 -> Short.BYTES;
        };
    }

    /** Bytes before a head's numbers in a block: what its tokens have of scales and minima. */
    int headerBytes() {
        return switch (type) {
            case F32, F16 -> 0;
            case INT8 -> BLOCK * Float.BYTES;
            case INT4 -> BLOCK * 2 * Short.BYTES;
        };
    }
}
