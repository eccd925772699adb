package tokamak.schedule;

import tokamak.backend.StepInput;

/** The arrays of a step, kept and refilled. */
final class Workspace {
    private final int blockSize;
    private final int[] tokenIds; // [maxTokens]
    private final int[] positions; // [maxTokens]
    private final int[] slotMapping; // [maxTokens]
    private final int[] logitRows; // [maxLogitRows]
    private final int[] stateRows; // [maxTokens]
    private final int[] queryStarts; // [maxSequences + 1]
    private final int[] contextLens; // [maxSequences]
    private int[] blockTables = new int[64]; // [numSequences, stride]
    private int numTokens;
    private int numLogitRows;
    private int numStateRows;

    Workspace(int maxTokens, int maxSequences, int maxLogitRows, int blockSize) {
        this.blockSize = blockSize;
        tokenIds = new int[maxTokens];
        positions = new int[maxTokens];
        slotMapping = new int[maxTokens];
        logitRows = new int[maxLogitRows];
        stateRows = new int[maxTokens];
        queryStarts = new int[maxSequences + 1];
        contextLens = new int[maxSequences];
    }

    /** The step that computes entries {@code [from, to)} of the batch. */
    StepInput fill(Batch batch, int from, int to) {
        int stride = 0;
        for (int i = from; i < to; i++) {
            stride = Math.max(stride, batch.sequence(i).numBlocks());
        }
        if (blockTables.length < (to - from) * stride) {
            blockTables = new int[2 * (to - from) * stride];
        }
        numTokens = 0;
        numLogitRows = 0;
        numStateRows = 0;
        queryStarts[0] = 0;
        for (int i = from; i < to; i++) {
            add(batch.sequence(i), batch.numTokens(i));
            batch.sequence(i).copyBlocks(blockTables, (i - from) * stride);
            contextLens[i - from] = batch.sequence(i).numComputed + batch.numTokens(i);
            queryStarts[i - from + 1] = numTokens;
        }
        return new StepInput(
                numTokens,
                to - from,
                numLogitRows,
                tokenIds,
                positions,
                queryStarts,
                contextLens,
                slotMapping,
                blockTables,
                stride,
                logitRows,
                numStateRows,
                stateRows);
    }

    private void add(Sequence sequence, int count) {
        sequence.copyTokens(sequence.numComputed, count, tokenIds, numTokens);
        for (int i = 0; i < count; i++) {
            int position = sequence.numComputed + i;
            positions[numTokens] = position;
            slotMapping[numTokens] = sequence.block(position / blockSize) * blockSize + position % blockSize;
            if (sequence.needsLogits(position)) {
                logitRows[numLogitRows++] = numTokens;
            }
            if (sequence.needsState(position)) {
                stateRows[numStateRows++] = numTokens;
            }
            numTokens++;
        }
    }
}
