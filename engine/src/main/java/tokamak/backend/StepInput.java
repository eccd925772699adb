package tokamak.backend;

/**
 * The ragged batch of one step as numbers: everything one forward pass needs. Sequence {@code s} contributes the query
 * rows {@code [queryStarts[s], queryStarts[s + 1])}, the tokens of it that are computed in this step; they attend to the
 * {@code contextLens[s]} tokens whose keys and values are in the KV cache once this step has stored its own.
 *
 * <p>Arrays may be longer than what is in use, so that a {@code Workspace} can keep them from step to step; the counts say
 * how much counts.
 *
 * @param numTokens query rows in this step
 * @param numSequences sequences in this step
 * @param numLogitRows rows that need logits
 * @param tokenIds [numTokens]
 * @param positions [numTokens] position of each token in its sequence, from 0
 * @param queryStarts [numSequences + 1] first query row of each sequence; ends with numTokens
 * @param contextLens [numSequences] tokens of the sequence up to and including its last query row
 * @param slotMapping [numTokens] where the token's key and value go: block id * block size + offset in the block
 * @param blockTables [numSequences, blockTableStride] ids of the KV blocks of each sequence, in order
 * @param blockTableStride row length of {@code blockTables}
 * @param logitRows [numLogitRows] query rows that need logits, ascending
 * @param numStateRows rows whose final state is asked for
 * @param stateRows [numStateRows] query rows whose final state is asked for, ascending
 */
public record StepInput(
        int numTokens,
        int numSequences,
        int numLogitRows,
        int[] tokenIds,
        int[] positions,
        int[] queryStarts,
        int[] contextLens,
        int[] slotMapping,
        int[] blockTables,
        int blockTableStride,
        int[] logitRows,
        int numStateRows,
        int[] stateRows) {
    private static final int[] NO_ROWS = {};

    public StepInput {
        require("tokenIds", tokenIds.length, numTokens);
        require("positions", positions.length, numTokens);
        require("queryStarts", queryStarts.length, numSequences + 1);
        require("contextLens", contextLens.length, numSequences);
        require("slotMapping", slotMapping.length, numTokens);
        require("blockTables", blockTables.length, (long) numSequences * blockTableStride);
        require("logitRows", logitRows.length, numLogitRows);
        require("stateRows", stateRows.length, numStateRows);
        if (queryStarts[numSequences] != numTokens) {
            throw new IllegalArgumentException(
                    "queryStarts ends at " + queryStarts[numSequences] + ", expected " + numTokens);
        }
    }

    /** A step that is asked for logits only. */
    public StepInput(
            int numTokens,
            int numSequences,
            int numLogitRows,
            int[] tokenIds,
            int[] positions,
            int[] queryStarts,
            int[] contextLens,
            int[] slotMapping,
            int[] blockTables,
            int blockTableStride,
            int[] logitRows) {
        this(
                numTokens,
                numSequences,
                numLogitRows,
                tokenIds,
                positions,
                queryStarts,
                contextLens,
                slotMapping,
                blockTables,
                blockTableStride,
                logitRows,
                0,
                NO_ROWS);
    }

    private static void require(String name, long length, long needed) {
        if (needed < 0 || length < needed) {
            throw new IllegalArgumentException(name + " holds " + length + " numbers, needed " + needed);
        }
    }
}
