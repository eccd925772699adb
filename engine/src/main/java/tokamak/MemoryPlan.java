package tokamak;

import tokamak.api.ModelLoadException;

/**
 * How much memory keys and values get, and how long a sequence may be with it.
 *
 * @param contextLength tokens of one sequence
 * @param numKvBlocks blocks of the pool
 * @param blockSize tokens per block
 * @param bytes of the pool
 * @param reason one sentence for people: what was chosen, and why
 */
record MemoryPlan(int contextLength, int numKvBlocks, int blockSize, long bytes, String reason) {
    /** Of the memory that the weights leave, the share that keys and values take if nobody says. */
    private static final double DEFAULT_SHARE = 0.25;

    /** Below this a context is of no use: it is tried whatever the memory. */
    private static final int SMALLEST_AUTO_CONTEXT = 256;

    /**
     * @param trainedPositions the longest sequence the model is meant for
     * @param bytesPerToken keys and values of one token over all layers
     * @param spareBytes memory that is free once the weights are in
     * @throws ModelLoadException if what the configuration demands does not fit
     */
    static MemoryPlan of(
            EngineConfig config, int trainedPositions, long bytesPerToken, long spareBytes, int blockSize) {
        int wantedContext =
                config.maxModelLen() == 0 ? trainedPositions : Math.min(config.maxModelLen(), trainedPositions);
        long bytesPerBlock = Math.max(1, bytesPerToken * blockSize);
        long usefulBlocks = Math.ceilDiv((long) wantedContext, blockSize) * config.maxNumSeqs();
        long budget =
                config.kvCacheMemoryBytes() == 0 ? (long) (DEFAULT_SHARE * spareBytes) : config.kvCacheMemoryBytes();
        long blocks = Math.min(budget / bytesPerBlock, usefulBlocks);
        if (config.kvCacheMemoryBytes() == 0) {
            // What was asked for, or the smallest useful context, may take more than the usual share.
            int atLeast = config.maxModelLen() == 0 ? Math.min(wantedContext, SMALLEST_AUTO_CONTEXT) : wantedContext;
            blocks = Math.max(blocks, Math.ceilDiv(atLeast, blockSize));
        }
        blocks = Math.min(blocks, Integer.MAX_VALUE / blockSize);
        if (blocks < 1) {
            throw new ModelLoadException(
                    "the KV cache of " + mebibytes(budget) + " holds no block of " + blockSize + " tokens, which take "
                            + mebibytes(bytesPerBlock) + "; raise kvCacheMemoryBytes",
                    null);
        }
        int context = (int) Math.min(wantedContext, blocks * blockSize);
        if (config.maxModelLen() > 0 && context < wantedContext) {
            throw new ModelLoadException(
                    "a context of " + wantedContext + " tokens takes " + mebibytes(wantedContext * bytesPerToken)
                            + " of KV cache, but " + mebibytes(budget) + " are allowed, enough for " + context
                            + " tokens; raise kvCacheMemoryBytes or lower maxModelLen",
                    null);
        }
        return new MemoryPlan(
                context,
                (int) blocks,
                blockSize,
                blocks * bytesPerBlock,
                reason(config, context, wantedContext, blocks * bytesPerBlock, spareBytes));
    }

    private static String reason(EngineConfig config, int context, int wantedContext, long bytes, long spareBytes) {
        String memory = mebibytes(bytes) + " of KV cache ("
                + (config.kvCacheMemoryBytes() == 0 ? "of " + mebibytes(spareBytes) + " free memory" : "as configured")
                + ")";
        String length = "context of " + context + " tokens";
        if (context < wantedContext) {
            length += ", the model's " + wantedContext + " would not fit";
        } else if (context < config.maxModelLen()) {
            length += ", the most the model was made for; " + config.maxModelLen() + " were asked for";
        }
        return memory + ", " + length;
    }

    private static String mebibytes(long bytes) {
        return bytes < 1 << 20 ? bytes + " bytes" : (bytes >> 20) + " MiB";
    }
}
