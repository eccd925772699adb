package tokamak.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Buffer;
import tokamak.backend.cpu.x64.PackedMatrix;

/**
 * {@code out = x · wᵀ + bias} by machine code: first every token's activations are brought into the form the weight's parts
 * read, then the team takes ranges of panels. Bits of a result don't depend on who computed it beside what.
 */
final class PackedLinear implements WorkerTeam.Job, AutoCloseable {
    /** Ranges per thread: enough that a thread that lost its core for a while doesn't hold up the others for long. */
    private static final int RANGES_PER_THREAD = 4;

    /** A range below this many bytes of weights, times tokens, costs less than handing it over. */
    private static final long MIN_RANGE_WORK = 64 * 1024;

    private enum Phase {
        PREPARE,
        MULTIPLY
    }

    private Phase phase = Phase.PREPARE;
    private final Scratch scratch = new Scratch();
    private MemorySegment prepared = MemorySegment.NULL;
    private int rows;
    private List<PackedMatrix> parts;
    /** Parts that are multiplied together: from {@code firstPart} on. */
    private int firstPart;

    private int[] rangeStarts = new int[1]; // [parts + 1] ranges of the parts before, counted from firstPart on
    private int[] firstOutputs = new int[1]; // [parts + 1]
    private @Nullable Buffer bias;
    private Buffer x;
    private Buffer out;

    @SuppressWarnings("NullAway") // run() sets what chunks read
    PackedLinear() {}

    void run(WorkerTeam team, int rows, Buffer x, PackedWeight weight, @Nullable Buffer bias, Buffer out) {
        if (rows == 0) {
            return;
        }
        this.rows = rows;
        this.x = x;
        this.bias = bias;
        this.out = out;
        parts = weight.parts();
        if (rangeStarts.length <= parts.size()) {
            rangeStarts = new int[parts.size() + 1];
            firstOutputs = new int[parts.size() + 1];
        }
        for (int i = 0; i < parts.size(); i++) {
            firstOutputs[i + 1] = firstOutputs[i] + Math.toIntExact(parts.get(i).rows());
        }
        int end;
        for (firstPart = 0; firstPart < parts.size(); firstPart = end) {
            Object form = parts.get(firstPart).activationForm();
            end = firstPart + 1;
            while (end < parts.size() && parts.get(end).activationForm().equals(form)) {
                end++;
            }
            prepare(team);
            multiply(team, end);
        }
    }

    private void prepare(WorkerTeam team) {
        prepared = scratch.require(parts.get(firstPart).activationBytes(rows));
        phase = Phase.PREPARE;
        team.run(this, parts.get(firstPart).numTiles(rows));
    }

    /** Parts that read the same activations are one job: threads need not wait for each other between them. */
    private void multiply(WorkerTeam team, int endPart) {
        long bytes = 0;
        for (int i = firstPart; i < endPart; i++) {
            bytes += parts.get(i).bytes();
        }
        long rangeBytes = Math.max(MIN_RANGE_WORK / rows, bytes / ((long) RANGES_PER_THREAD * team.size()));
        rangeStarts[firstPart] = 0;
        for (int i = firstPart; i < endPart; i++) {
            PackedMatrix part = parts.get(i);
            long ranges = (part.bytes() + rangeBytes / 2) / Math.max(1, rangeBytes);
            rangeStarts[i + 1] = rangeStarts[i] + (int) Math.clamp(ranges, 1, part.numPanels());
        }
        phase = Phase.MULTIPLY;
        team.run(this, rangeStarts[endPart]);
    }

    @Override
    public void run(int chunk, int worker) {
        switch (phase) {
            case PREPARE -> prepareTile(chunk);
            case MULTIPLY -> {
                int index = firstPart;
                while (rangeStarts[index + 1] <= chunk) {
                    index++;
                }
                multiplyRange(index, chunk - rangeStarts[index], rangeStarts[index + 1] - rangeStarts[index]);
            }
        }
    }

    /** A tile's tokens share cache lines, so threads that took a token each would wait for each other at every store. */
    private void prepareTile(int tile) {
        PackedMatrix part = parts.get(firstPart);
        part.prepare(
                x.memory(),
                (long) x.offset() * Float.BYTES,
                (long) x.stride() * Float.BYTES,
                rows,
                part.firstTokenOfTile(rows, tile),
                part.firstTokenOfTile(rows, tile + 1),
                prepared);
    }

    private void multiplyRange(int index, int range, int numRanges) {
        PackedMatrix part = parts.get(index);
        int from = (int) ((long) part.numPanels() * range / numRanges);
        int to = (int) ((long) part.numPanels() * (range + 1) / numRanges);
        long start = ((long) out.offset() + firstOutputs[index]) * Float.BYTES;
        Buffer bias = this.bias;
        part.multiply(
                prepared,
                rows,
                bias == null ? null : bias.memory(),
                bias == null ? 0 : (bias.at(0) + firstOutputs[index]) * Float.BYTES,
                out.memory(),
                start,
                (long) out.stride() * Float.BYTES,
                from,
                to);
    }

    @Override
    public void close() {
        scratch.close();
    }
}
