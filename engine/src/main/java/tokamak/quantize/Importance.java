package tokamak.quantize;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tokamak.model.LinearInput;

/**
 * How large the inputs of linear layers are, channel by channel, while a model reads a text: mean squares. The error that
 * rounding a weight does to the output grows with that of its channel.
 */
public final class Importance {
    /** Of the mean: no channel counts for nothing, since another text may use it. */
    private static final double FLOOR = 1e-3;

    private record Place(int layer, LinearInput input) {}

    private static final class Sums {
        private final double[] squares;

        Sums(int columns) {
            squares = new double[columns];
        }
    }

    private final Map<Place, Sums> places = new HashMap<>();
    private String description = "";

    /** Counts one token's input. */
    public void add(int layer, LinearInput input, float[] row) {
        Sums sums = places.computeIfAbsent(new Place(layer, input), place -> new Sums(row.length));
        for (int k = 0; k < row.length; k++) {
            sums.squares[k] += (double) row[k] * row[k];
        }
    }

    /** Says what was read, in words that tell one text from another. */
    public void describe(String text) {
        description = text;
    }

    Optional<String> description() {
        return Optional.of(description).filter(text -> !text.isEmpty());
    }

    /** Mean squares of the channels relative to their mean; empty for places that were not shown. */
    Optional<float[]> of(int layer, LinearInput input) {
        return Optional.ofNullable(places.get(new Place(layer, input))).map(Importance::relative);
    }

    private static float[] relative(Sums sums) {
        double mean = 0;
        for (double square : sums.squares) {
            mean += square / sums.squares.length;
        }
        float[] relative = new float[sums.squares.length];
        for (int k = 0; k < relative.length; k++) {
            relative[k] = mean == 0 ? 1 : (float) Math.max(FLOOR, sums.squares[k] / mean);
        }
        return relative;
    }
}
