package tokamak.backend.cpu;

/** How far numbers are from what they should be, over all cases of one check. */
final class Deviation {
    /**
     * Smaller numbers are nothing: exponentials may vanish a little earlier or later, and exp(-50) of a float32 is known to
     * a few millionths only.
     */
    private static final double NOTHING = 1e-20;

    private int cases;
    private double worst;

    int cases() {
        return cases;
    }

    /** The largest error relative to the size it was measured by; infinite where one of the two is no number. */
    double worst() {
        return worst;
    }

    void countCase() {
        cases++;
    }

    /** @param size what an error is measured by, at least 0 */
    void add(double expected, double found, double size) {
        if (Double.compare(expected, found) == 0 || expected == found) {
            return;
        }
        double error = Math.abs(found - expected) / Math.max(size, NOTHING);
        worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
    }

    /** A row of results: errors are measured by the number, but at least by a tenth of the row's largest. */
    void addRow(float[] expected, float[] found) {
        double largest = 0;
        for (float number : expected) {
            largest = Float.isFinite(number) ? Math.max(largest, Math.abs(number)) : largest;
        }
        for (int i = 0; i < expected.length; i++) {
            add(expected[i], found[i], Math.max(Math.abs(expected[i]), largest / 10));
        }
    }
}
