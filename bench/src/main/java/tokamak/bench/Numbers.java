package tokamak.bench;

import java.util.SplittableRandom;

final class Numbers {
    private Numbers() {}

    /** Between -1 and 1. */
    static float[] random(int count, SplittableRandom random) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextDouble(-1, 1);
        }
        return numbers;
    }
}
