package tokamak.backend.cpu;

import tokamak.backend.AttentionShape;
import tokamak.backend.StepInput;

/**
 * How one step's attention is cut into chunks. A sequence with few query rows, as when it writes, reads its whole context for them: its
 * chunks are heads by parts of the context, and as many heads together as leave work for all threads, because a block's heads lie
 * side by side in memory. A sequence with many rows is cut into tiles of rows, head by head.
 *
 * <p>Parts begin at fixed positions. A row's result is made of its parts one after the other, whoever computed them, so the plan
 * changes no number.
 */
final class AttentionPlan {
    /** Tokens of a part of the context. */
    static final int PART = 256;

    /** Chunks per thread, so that no thread waits long for the last one. */
    private static final int CHUNKS_PER_THREAD = 4;

    private final int numThreads;
    private int maxRows;
    private int numKvHeads;
    private int groupSize;
    private int numSequences;
    private int numPartRows;
    private int[] chunkStarts = {0}; // [numSequences + 1]
    private int[] numRows = {}; // [numSequences] query rows of one key and value head
    private int[] firstParts = {}; // [numSequences]
    private int[] endParts = {}; // [numSequences]
    private int[] headsPerChunk = {}; // [numSequences]
    private int[] partsPerChunk = {}; // [numSequences]
    private int[] partRows = {}; // [numSequences] where the results of its parts begin, or -1

    AttentionPlan(int numThreads) {
        this.numThreads = numThreads;
    }

    /** @param maxRows query rows of the largest tile */
    void make(AttentionShape shape, StepInput input, int maxRows) {
        this.maxRows = maxRows;
        numKvHeads = shape.numKvHeads();
        groupSize = shape.numHeads() / shape.numKvHeads();
        numSequences = input.numSequences();
        numPartRows = 0;
        grow();
        long units = 0;
        for (int s = 0; s < numSequences; s++) {
            int start = input.queryStarts()[s];
            int end = input.queryStarts()[s + 1];
            numRows[s] = (end - start) * groupSize;
            firstParts[s] = 0;
            endParts[s] = 0;
            if (end > start) {
                int first = input.positions()[start];
                firstParts[s] = (shape.window() == 0 ? 0 : Math.max(0, first - shape.window() + 1)) / PART;
                endParts[s] = input.positions()[end - 1] / PART + 1;
            }
            units += (long) numParts(s) * numKvHeads * numTiles(s);
        }
        int target = (int) Math.max(1, units / (CHUNKS_PER_THREAD * (long) numThreads));
        for (int s = 0; s < numSequences; s++) {
            cut(s, target);
        }
    }

    private void grow() {
        if (numRows.length < numSequences) {
            int length = 2 * numSequences;
            chunkStarts = new int[length + 1];
            numRows = new int[length];
            firstParts = new int[length];
            endParts = new int[length];
            headsPerChunk = new int[length];
            partsPerChunk = new int[length];
            partRows = new int[length];
        }
    }

    /** @param target parts of one head that a chunk should have */
    private void cut(int s, int target) {
        if (numTiles(s) > 1) {
            headsPerChunk[s] = 1;
            partsPerChunk[s] = numParts(s);
        } else {
            headsPerChunk[s] = Math.min(numKvHeads, target);
            partsPerChunk[s] = Math.clamp(target / numKvHeads, 1, Math.max(1, numParts(s)));
        }
        partRows[s] = -1;
        if (partsPerChunk[s] < numParts(s)) {
            partRows[s] = numPartRows;
            numPartRows += numParts(s) * numKvHeads * numRows[s];
        }
        chunkStarts[s + 1] = chunkStarts[s] + numTiles(s) * numHeadRanges(s) * numPartRanges(s);
    }

    private int numHeadRanges(int s) {
        return Math.ceilDiv(numKvHeads, headsPerChunk[s]);
    }

    private int numPartRanges(int s) {
        return numParts(s) == 0 ? 0 : Math.ceilDiv(numParts(s), partsPerChunk[s]);
    }

    int numChunks() {
        return chunkStarts[numSequences];
    }

    /** Rows that hold what parts come to until they are merged; 0 if all chunks see their rows' whole context. */
    int numPartRows() {
        return numPartRows;
    }

    int groupSize() {
        return groupSize;
    }

    int numParts(int s) {
        return endParts[s] - firstParts[s];
    }

    int firstPart(int s) {
        return firstParts[s];
    }

    int numRows(int s) {
        return numRows[s];
    }

    /** Whether the sequence's parts are computed by themselves and merged afterwards. */
    boolean isCut(int s) {
        return partRows[s] >= 0;
    }

    /** Where the results of a part of the sequence begin, those of its heads behind each other. */
    int partRow(int s, int part) {
        return partRows[s] + (part - firstParts[s]) * numKvHeads * numRows[s];
    }

    private int numTiles(int s) {
        return Math.ceilDiv(numRows[s], maxRows);
    }

    int sequence(int chunk) {
        int s = 0;
        while (chunkStarts[s + 1] <= chunk) {
            s++;
        }
        return s;
    }

    private int local(int s, int chunk) {
        return chunk - chunkStarts[s];
    }

    /** The last tiles see the longest context: they come first, so that no thread starts one when the others are done. */
    private int tile(int s, int chunk) {
        return numTiles(s) - 1 - local(s, chunk) / (numHeadRanges(s) * numPartRanges(s));
    }

    /** A row of a sequence and head is token times group size plus place in the group. */
    int firstRow(int s, int chunk) {
        return (int) ((long) numRows[s] * tile(s, chunk) / numTiles(s));
    }

    int endRow(int s, int chunk) {
        return (int) ((long) numRows[s] * (tile(s, chunk) + 1) / numTiles(s));
    }

    int firstHead(int s, int chunk) {
        return local(s, chunk) % numHeadRanges(s) * headsPerChunk[s];
    }

    int numHeads(int s, int chunk) {
        return Math.min(headsPerChunk[s], numKvHeads - firstHead(s, chunk));
    }

    int firstPart(int s, int chunk) {
        return firstParts[s] + local(s, chunk) / numHeadRanges(s) % numPartRanges(s) * partsPerChunk[s];
    }

    int endPart(int s, int chunk) {
        return Math.min(endParts[s], firstPart(s, chunk) + partsPerChunk[s]);
    }
}
