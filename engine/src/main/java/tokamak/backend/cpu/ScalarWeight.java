package tokamak.backend.cpu;

import java.util.List;
import tokamak.backend.Weight;
import tokamak.tensor.Dequantizer;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

/** A linear layer as the file has it: nothing is copied, rows are dequantised when they are used. */
final class ScalarWeight implements Weight {
    private final List<Tensor> parts;
    private final Dequantizer[] dequantizers;
    private final int[] ends; // [parts] output rows up to and including the part
    private final int inFeatures;

    ScalarWeight(List<Tensor> parts) {
        this.parts = List.copyOf(parts);
        this.dequantizers = new Dequantizer[parts.size()];
        this.ends = new int[parts.size()];
        this.inFeatures = Math.toIntExact(parts.getFirst().columns());
        int rows = 0;
        for (int i = 0; i < ends.length; i++) {
            Tensor part = parts.get(i);
            if (part.columns() != inFeatures) {
                throw new IllegalArgumentException("stacked matrices need the same number of columns: " + parts);
            }
            rows = Math.addExact(rows, Math.toIntExact(part.rows()));
            ends[i] = rows;
            dequantizers[i] = Dequantizers.of(part.dtype());
        }
    }

    @Override
    public int outFeatures() {
        return ends[ends.length - 1];
    }

    @Override
    public int inFeatures() {
        return inFeatures;
    }

    @Override
    public long bytes() {
        return parts.stream().mapToLong(part -> part.data().byteSize()).sum();
    }

    /** Writes row {@code row} as {@code inFeatures} floats. */
    void dequantizeRow(int row, float[] target) {
        int part = 0;
        while (row >= ends[part]) {
            part++;
        }
        Tensor tensor = parts.get(part);
        long rowInPart = row - (part == 0 ? 0 : ends[part - 1]);
        dequantizers[part].dequantize(
                tensor.data(), rowInPart * tensor.dtype().bytes(inFeatures), target, 0, inFeatures);
    }
}
