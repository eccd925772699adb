package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

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

    /** Tokens below which preparing is done by the caller alone. */
    private static final int MIN_TOKENS_TO_SHARE = 4;

    private enum Phase {
        PREPARE,
        MULTIPLY
    }

    private Phase phase = Phase.PREPARE;
    private final Scratch scratch = new Scratch();
    private MemorySegment prepared = MemorySegment.NULL;
    private int rows;
    private int panelsPerRange;
    private PackedMatrix part;
    private int firstOutput;
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
        firstOutput = 0;
        Object form = null;
        List<PackedMatrix> parts = weight.parts();
        for (int i = 0; i < parts.size(); i++) {
            part = parts.get(i);
            if (!part.activationForm().equals(form)) {
                form = part.activationForm();
                prepare(team);
            }
            multiply(team);
            firstOutput += Math.toIntExact(part.rows());
        }
    }

    private void prepare(WorkerTeam team) {
        prepared = scratch.require(part.activationBytes(rows));
        phase = Phase.PREPARE;
        if (rows < MIN_TOKENS_TO_SHARE) {
            for (int row = 0; row < rows; row++) {
                run(row, 0);
            }
        } else {
            team.run(this, rows);
        }
    }

    private void multiply(WorkerTeam team) {
        int numPanels = part.numPanels();
        int ranges = RANGES_PER_THREAD * team.size();
        long panelWork = Math.max(1, part.bytes() / numPanels * rows);
        long fewest = (MIN_RANGE_WORK + panelWork - 1) / panelWork;
        panelsPerRange = (int) Math.min(numPanels, Math.max(fewest, (numPanels + ranges - 1) / ranges));
        phase = Phase.MULTIPLY;
        team.run(this, (numPanels + panelsPerRange - 1) / panelsPerRange);
    }

    @Override
    public void run(int chunk, int worker) {
        switch (phase) {
            case PREPARE ->
                part.prepare(
                        x.memory(),
                        (long) x.offset() * Float.BYTES,
                        (long) x.stride() * Float.BYTES,
                        rows,
                        chunk,
                        chunk + 1,
                        prepared);
            case MULTIPLY -> multiplyRange(chunk);
        }
    }

    private void multiplyRange(int range) {
        int from = range * panelsPerRange;
        int to = Math.min(from + panelsPerRange, part.numPanels());
        long start = ((long) out.offset() + firstOutput) * Float.BYTES;
        part.multiply(prepared, rows, out.memory(), start, (long) out.stride() * Float.BYTES, from, to);
        Buffer bias = this.bias;
        if (bias != null) {
            int end = (int) Math.min((long) to * part.panelRows(), part.rows());
            for (int row = 0; row < rows; row++) {
                addBias(bias, row, from * part.panelRows(), end);
            }
        }
    }

    private void addBias(Buffer bias, int row, int from, int to) {
        long outAt = out.at(row) + firstOutput;
        long biasAt = (long) bias.offset() + firstOutput;
        for (int n = from; n < to; n++) {
            float sum = out.memory().getAtIndex(JAVA_FLOAT, outAt + n)
                    + bias.memory().getAtIndex(JAVA_FLOAT, biasAt + n);
            out.memory().setAtIndex(JAVA_FLOAT, outAt + n, sum);
        }
    }

    @Override
    public void close() {
        scratch.close();
    }
}
