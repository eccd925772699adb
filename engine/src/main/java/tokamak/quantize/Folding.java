package tokamak.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.model.HfForm.Origin;
import tokamak.model.HfForm.Part;
import tokamak.model.HfForm.Siblings;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Quantizers;
import tokamak.tensor.Tensor;

/**
 * The factors that the columns of a model's linear layers are stored with, and the norms and rows that are divided by them, so
 * that the model stays the same. Each is found when it is first asked for.
 */
final class Folding {
    private final HfCheckpoint checkpoint;
    private final LinearLayout.@Nullable Rounding rounding;
    private final Importance importance;
    private final Map<Siblings, List<Part.Linear>> layers = new HashMap<>();
    private final Map<Siblings, float[]> factors = new HashMap<>();
    private final Map<String, Siblings> readersOfTensor = new HashMap<>();
    private final Map<String, Siblings> readersOfRows = new HashMap<>();

    /** @param parts linear layers that are to be written in the layout */
    Folding(HfCheckpoint checkpoint, LinearLayout layout, Importance importance, List<Part.Linear> parts) {
        this.checkpoint = checkpoint;
        this.rounding = layout.rounding();
        this.importance = importance;
        for (Part.Linear part : parts) {
            layers.computeIfAbsent(part.siblings(), siblings -> new ArrayList<>())
                    .add(part);
        }
        for (Siblings siblings : layers.keySet()) {
            if (importanceOf(siblings).isEmpty() || rounding == null) {
                continue;
            }
            switch (siblings.origin()) {
                case null -> {}
                case Origin.Norm norm -> {
                    readersOfTensor.put(norm.weight(), siblings);
                    readersOfTensor.put(norm.bias(), siblings);
                }
                case Origin.Rows rows -> {
                    readersOfRows.put(rows.module(), siblings);
                    readersOfTensor.put(rows.module() + ".bias", siblings);
                }
            }
        }
    }

    Optional<float[]> importanceOf(Siblings siblings) {
        return importance.of(siblings.layer(), siblings.input());
    }

    /** The rows of a layer as they are to be stored. */
    LinearRows rows(Part.Linear part) {
        return new LinearRows(part.matrix(), columnFactors(part.siblings()), rowDivisors(part));
    }

    /** Of a layer in full precision that reads what others read. */
    float @Nullable [] columnFactors(@Nullable Siblings siblings) {
        if (siblings == null || !layers.containsKey(siblings)) {
            return null;
        }
        return switch (siblings.origin()) {
            case null -> null;
            case Origin.Norm norm -> readersOfTensor.get(norm.weight()) == siblings ? factors(siblings, norm) : null;
            case Origin.Rows rows -> {
                if (readersOfRows.get(rows.module()) != siblings) {
                    yield null;
                }
                float[] perRow = factors(siblings, rows);
                int[] origins = origins(siblings, rows);
                float[] perColumn = new float[origins.length];
                for (int k = 0; k < perColumn.length; k++) {
                    perColumn[k] = perRow[origins[k]];
                }
                yield perColumn;
            }
        };
    }

    /** Importance of the columns once they have their factors; null: alike. */
    float @Nullable [] scaledImportance(Part.Linear part) {
        Optional<float[]> plain = importanceOf(part.siblings());
        if (plain.isEmpty()) {
            return null;
        }
        float[] columnFactors = columnFactors(part.siblings());
        float[] scaled = plain.get();
        for (int k = 0; columnFactors != null && k < scaled.length; k++) {
            scaled[k] /= columnFactors[k] * columnFactors[k];
        }
        return scaled;
    }

    private float @Nullable [] rowDivisors(Part.Linear part) {
        Siblings readers = readersOfRows.get(part.name());
        if (readers == null || !(readers.origin() instanceof Origin.Rows rows)) {
            return null;
        }
        return rowDivisors(readers, rows, Math.toIntExact(part.matrix().rows()));
    }

    private float[] rowDivisors(Siblings readers, Origin.Rows rows, int numRows) {
        float[] divisors = new float[numRows];
        Arrays.fill(divisors, 1);
        float[] perRow = factors(readers, rows);
        System.arraycopy(perRow, 0, divisors, rows.firstRow(), perRow.length);
        return divisors;
    }

    /** Whether a tensor that is no linear layer changes. */
    boolean changes(Tensor tensor) {
        return readersOfTensor.containsKey(tensor.name());
    }

    /** A norm or bias as it is to be stored, in its own number format. */
    byte[] changed(Tensor tensor) {
        Siblings readers = readersOfTensor.get(tensor.name());
        float[] values = switch (readers.origin()) {
            case null -> throw new IllegalStateException(tensor.name());
            case Origin.Norm norm -> changed(tensor, norm, factors(readers, norm));
            case Origin.Rows rows -> divided(tensor, rowDivisors(readers, rows, Math.toIntExact(tensor.count())));
        };
        return stored(values, tensor.dtype());
    }

    private static float[] changed(Tensor tensor, Origin.Norm norm, float[] factors) {
        if (norm.lessOne() && tensor.name().equals(norm.weight())) {
            float[] values = floats(tensor);
            for (int i = 0; i < values.length; i++) {
                values[i] = (values[i] + 1) / factors[i] - 1;
            }
            return values;
        }
        return divided(tensor, factors);
    }

    private static float[] divided(Tensor tensor, float[] divisors) {
        float[] values = floats(tensor);
        for (int i = 0; i < values.length; i++) {
            values[i] /= divisors[i];
        }
        return values;
    }

    // ---- factors ----

    /** Of a norm: such that the rounded weight times its factor is the weight there was. */
    private float[] factors(Siblings siblings, Origin.Norm norm) {
        float[] known = factors.get(siblings);
        if (known != null) {
            return known;
        }
        Tensor weight = checkpoint.find(norm.weight()).orElseThrow();
        int columns = Math.toIntExact(weight.count());
        int[] origins = new int[columns];
        Arrays.setAll(origins, k -> k);
        float[] found = search(siblings, origins, columns);
        float[] before = floats(weight);
        float[] after = floats(new Tensor(
                weight.name(),
                weight.dtype(),
                weight.shape(),
                java.lang.foreign.MemorySegment.ofArray(stored(changed(weight, norm, found), weight.dtype()))));
        float added = norm.lessOne() ? 1 : 0;
        for (int k = 0; k < columns; k++) {
            float exact = (before[k] + added) / (after[k] + added);
            found[k] = Float.isFinite(exact) && exact > 0 ? exact : found[k];
        }
        factors.put(siblings, found);
        return found;
    }

    private float[] factors(Siblings siblings, Origin.Rows rows) {
        float[] known = factors.get(siblings);
        if (known != null) {
            return known;
        }
        int[] origins = origins(siblings, rows);
        float[] found = search(siblings, origins, origins.length / rows.repeat());
        factors.put(siblings, found);
        return found;
    }

    /** For each column the row of the origin that it reads, counted from the first of them. */
    private int[] origins(Siblings siblings, Origin.Rows rows) {
        int columns = importanceOf(siblings).orElseThrow().length;
        int[] origins = new int[columns];
        for (int k = 0; k < columns; k++) {
            origins[k] = k / (rows.run() * rows.repeat()) * rows.run() + k % rows.run();
        }
        return origins;
    }

    private float[] search(Siblings siblings, int[] origins, int numOrigins) {
        List<LinearRows> plain = layers.get(siblings).stream()
                .map(part -> new LinearRows(part.matrix(), null, null))
                .toList();
        LinearLayout.Rounding used = rounding;
        if (used == null) {
            throw new IllegalStateException("no factors are searched for this layout");
        }
        return new ScaleSearch(used, importanceOf(siblings).orElseThrow(), origins, numOrigins)
                .best(ScaleSearch.sample(plain));
    }

    private static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.count())];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        return values;
    }

    private static byte[] stored(float[] values, DType dtype) {
        byte[] bytes = new byte[Math.toIntExact(dtype.bytes(values.length))];
        Quantizers.of(dtype)
                .orElseThrow()
                .quantize(values, 0, values.length, java.lang.foreign.MemorySegment.ofArray(bytes), 0);
        return bytes;
    }
}
