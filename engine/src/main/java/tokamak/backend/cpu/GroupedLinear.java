package tokamak.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import tokamak.backend.Buffer;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.PackedMatrix;

/**
 * Products of several weights of one shape, each with its own range of rows, in one job: first all tiles of all rows are
 * prepared, then the team takes ranges of panels of all weights. A row's bits are those of {@link PackedLinear}.
 */
final class GroupedLinear implements WorkerTeam.Job, AutoCloseable {
    /** Chunks per thread, as far as they are made by cutting weights: a weight of many rows is rather left whole. */
    private static final int CHUNKS_PER_THREAD = 8;

    private enum Phase {
        PREPARE,
        MULTIPLY
    }

    private Phase phase = Phase.PREPARE;
    private final Scratch scratch = new Scratch();
    private MemorySegment prepared = MemorySegment.NULL;
    private int[] starts;
    private List<Weight> weights;
    private List<Buffer> biases;
    private Buffer x;
    private Buffer out;
    private int[] active = new int[0]; // [numActive] weights that have rows
    private int[] tileStarts = new int[0]; // [numActive + 1] tiles of the weights before
    private int numActive;
    private int firstPart;
    private int endPart;
    private int rangesPerPart;

    @SuppressWarnings("NullAway") // run() sets what chunks read
    GroupedLinear() {}

    /** Whether all weights are packed, with the same kinds of parts. */
    static boolean covers(List<Weight> weights) {
        if (!(weights.getFirst() instanceof PackedWeight first)) {
            return false;
        }
        for (Weight weight : weights) {
            if (!(weight instanceof PackedWeight packed) || !haveSameForms(first, packed)) {
                return false;
            }
        }
        return true;
    }

    private static boolean haveSameForms(PackedWeight one, PackedWeight other) {
        int numParts = one.parts().size();
        if (other.parts().size() != numParts) {
            return false;
        }
        for (int i = 0; i < numParts; i++) {
            PackedMatrix a = one.parts().get(i);
            PackedMatrix b = other.parts().get(i);
            if (a.rows() != b.rows()
                    || a.columns() != b.columns()
                    || a.panelRows() != b.panelRows()
                    || !a.activationForm().equals(b.activationForm())) {
                return false;
            }
        }
        return true;
    }

    /**
     * {@code out[r] = x[r] · weights[e]ᵀ + biases[e]} for the rows {@code [starts[e], starts[e + 1])} of every e.
     *
     * @param weights {@link #covers covered}
     * @param biases one per weight; empty for none
     */
    void run(WorkerTeam team, int[] starts, Buffer x, List<Weight> weights, List<Buffer> biases, Buffer out) {
        this.starts = starts;
        this.weights = weights;
        this.biases = biases;
        this.x = x;
        this.out = out;
        findActive();
        if (numActive == 0) {
            return;
        }
        int numParts = packed(0).parts().size();
        for (firstPart = 0; firstPart < numParts; firstPart = endPart) {
            Object form = part(firstPart).activationForm();
            endPart = firstPart + 1;
            while (endPart < numParts && part(endPart).activationForm().equals(form)) {
                endPart++;
            }
            countTiles();
            prepared = scratch.require(part(firstPart).activationBytes(starts[weights.size()]));
            phase = Phase.PREPARE;
            team.run(this, tileStarts[numActive]);
            int wanted = CHUNKS_PER_THREAD * team.size();
            int whole = numActive * (endPart - firstPart);
            rangesPerPart =
                    Math.clamp((wanted + whole - 1) / whole, 1, part(firstPart).numPanels());
            phase = Phase.MULTIPLY;
            team.run(this, whole * rangesPerPart);
        }
    }

    private PackedMatrix part(int index) {
        return packed(active[0]).parts().get(index);
    }

    private PackedWeight packed(int weight) {
        return (PackedWeight) weights.get(weight);
    }

    private void findActive() {
        if (active.length < weights.size()) {
            active = new int[weights.size()];
            tileStarts = new int[weights.size() + 1];
        }
        numActive = 0;
        for (int e = 0; e < weights.size(); e++) {
            if (starts[e + 1] > starts[e]) {
                active[numActive++] = e;
            }
        }
    }

    private void countTiles() {
        for (int i = 0; i < numActive; i++) {
            int rows = starts[active[i] + 1] - starts[active[i]];
            tileStarts[i + 1] = tileStarts[i] + part(firstPart).numTiles(rows);
        }
    }

    @Override
    public void run(int chunk, int worker) {
        switch (phase) {
            case PREPARE -> {
                int found = Arrays.binarySearch(tileStarts, 0, numActive + 1, chunk);
                int index = found >= 0 ? found : -found - 2;
                prepareTile(active[index], chunk - tileStarts[index]);
            }
            case MULTIPLY -> {
                int chunksPerWeight = (endPart - firstPart) * rangesPerPart;
                int inWeight = chunk % chunksPerWeight;
                multiplyRange(
                        active[chunk / chunksPerWeight],
                        firstPart + inWeight / rangesPerPart,
                        inWeight % rangesPerPart);
            }
        }
    }

    private void prepareTile(int weight, int tile) {
        PackedMatrix part = packed(weight).parts().get(firstPart);
        int rows = starts[weight + 1] - starts[weight];
        part.prepare(
                x.memory(),
                x.at(starts[weight]) * Float.BYTES,
                (long) x.stride() * Float.BYTES,
                rows,
                part.firstTokenOfTile(rows, tile),
                part.firstTokenOfTile(rows, tile + 1),
                preparedOf(part, weight));
    }

    private MemorySegment preparedOf(PackedMatrix part, int weight) {
        long from = part.activationBytes(starts[weight]);
        return prepared.asSlice(from, part.activationBytes(starts[weight + 1]) - from);
    }

    private void multiplyRange(int weight, int index, int range) {
        List<PackedMatrix> parts = packed(weight).parts();
        PackedMatrix part = parts.get(index);
        int ranges = Math.min(rangesPerPart, part.numPanels());
        if (range >= ranges) {
            return;
        }
        int firstOutput = 0;
        for (int i = 0; i < index; i++) {
            firstOutput += (int) parts.get(i).rows();
        }
        int rows = starts[weight + 1] - starts[weight];
        int from = (int) ((long) part.numPanels() * range / ranges);
        int to = (int) ((long) part.numPanels() * (range + 1) / ranges);
        long start = (out.at(starts[weight]) + firstOutput) * Float.BYTES;
        Buffer bias = biases.isEmpty() ? null : biases.get(weight);
        part.multiply(
                preparedOf(part, weight),
                rows,
                bias == null ? null : bias.memory(),
                bias == null ? 0 : (bias.at(0) + firstOutput) * Float.BYTES,
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
