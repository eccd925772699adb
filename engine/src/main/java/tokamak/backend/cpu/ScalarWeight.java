package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Weight;
import tokamak.tensor.Dequantizer;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** A linear layer as the file has it: nothing is copied that fits, rows are dequantised when they are used. */
final class ScalarWeight implements Weight {
    private final List<Tensor> parts;
    private final int @Nullable [][] orders; // [parts][inFeatures]
    private final float @Nullable [][] factors; // [parts][inFeatures]
    private final Dequantizer[] dequantizers;
    private final int[] ends; // [parts] output rows up to and including the part
    private final int inFeatures;

    /** @param arena owns rows that the file has in another layout */
    ScalarWeight(List<? extends Matrix> matrices, Arena arena) {
        this.parts = new ArrayList<>();
        this.orders = new int[matrices.size()][];
        this.factors = new float[matrices.size()][];
        for (int i = 0; i < orders.length; i++) {
            Matrix matrix = matrices.get(i);
            parts.add(matrix.rows(0, matrix.rows(), arena));
            orders[i] = matrix.inputOrder();
            factors[i] = matrix.inputFactors();
        }
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

    /** Writes row {@code number} as {@code inFeatures} floats. */
    void dequantizeRow(int number, float[] target) {
        int part = 0;
        while (number >= ends[part]) {
            part++;
        }
        Tensor tensor = parts.get(part);
        long at = (number - (part == 0 ? 0 : ends[part - 1])) * tensor.dtype().bytes(inFeatures);
        int[] order = orders[part];
        float[] row = order == null ? target : new float[inFeatures];
        dequantizers[part].dequantize(tensor.data(), at, row, 0, inFeatures);
        float[] factor = factors[part];
        for (int k = 0; factor != null && k < inFeatures; k++) {
            row[k] *= factor[k];
        }
        for (int k = 0; order != null && k < inFeatures; k++) {
            target[order[k]] = row[k];
        }
    }
}
