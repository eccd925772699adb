package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.RowMath;

/** {@link RowOps} by machine code where there is some; the rest in plain Java. */
final class PackedRows implements AutoCloseable {
    private static final long SCRATCH_BYTES = 64;

    private final Arena arena = Arena.ofShared();
    private final RowMath math;
    private final MemorySegment[] scratch; // [worker] a cache line each

    PackedRows(Kernels kernels, int numWorkers) {
        math = new RowMath(kernels);
        scratch = new MemorySegment[numWorkers];
        for (int i = 0; i < numWorkers; i++) {
            scratch[i] = arena.allocate(SCRATCH_BYTES, SCRATCH_BYTES);
        }
    }

    /** Normalises {@code vectors} vectors of {@code count} numbers that follow each other. */
    void norm(Norm norm, Buffer x, Buffer out, int row, int count, int vectors, int worker) {
        math.norm(norm, x.memory(), x.at(row), out.memory(), out.at(row), count, vectors, scratch[worker]);
    }

    void addScaled(Buffer x, Buffer y, float scale, int row, int worker) {
        math.addScaled(x.memory(), x.at(row), y.memory(), y.at(row), x.columns(), scale, scratch[worker]);
    }

    void scaleLogits(Buffer x, float scale, float cap, int row, int worker) {
        if (cap == 0) {
            math.scale(x.memory(), x.at(row), x.columns(), scale, scratch[worker]);
        } else {
            math.cap(x.memory(), x.at(row), x.columns(), scale, cap, scratch[worker]);
        }
    }

    /** @param gate as many columns as x, or one */
    void multiplySigmoid(Buffer x, Buffer gate, int row, int worker) {
        if (gate.columns() == x.columns()) {
            math.sigmoid(gate.memory(), gate.at(row), x.memory(), x.at(row), x.memory(), x.at(row), x.columns());
        } else {
            double factor = RowOps.sigmoid(gate.memory().getAtIndex(JAVA_FLOAT, gate.at(row)));
            math.scale(x.memory(), x.at(row), x.columns(), (float) factor, scratch[worker]);
        }
    }

    void activateGated(Activation activation, Buffer gateUp, Buffer out, int row) {
        MemorySegment in = gateUp.memory();
        long gate = gateUp.at(row);
        int count = out.columns();
        math.activateGated(activation, in, gate, in, gate + count, out.memory(), out.at(row), count);
    }

    void activate(Activation activation, Buffer x, int row) {
        math.activate(activation, x.memory(), x.at(row), x.columns());
    }

    void rope(Rope rope, int headDim, Buffer angles, Buffer x, int row) {
        int pairs = rope.inverseFrequencies().length;
        if (!RowMath.rotates(pairs)) {
            RowOps.rope(rope, headDim, angles, x, row);
            return;
        }
        int heads = x.columns() / headDim;
        switch (rope.pairing()) {
            case HALVES ->
                math.rotateHalves(angles.memory(), angles.at(row), pairs, x.memory(), x.at(row), heads, headDim);
            case ADJACENT ->
                math.rotateNeighbours(angles.memory(), angles.at(row), pairs, x.memory(), x.at(row), heads, headDim);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
