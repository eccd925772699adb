package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.Function;
import tokamak.backend.Buffer;

/** A backend to be checked and plain Java, given the same work with the same numbers. */
final class Twins implements AutoCloseable {
    /** Floats between the rows of a buffer, which is part of a wider one. */
    private static final int GAP = 3;

    private static final float[] WILD = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    private final CpuBackend checked;
    private final CpuBackend truth = new CpuBackend(1, CpuArithmetic.scalar());
    private final SplittableRandom seeds = new SplittableRandom(6);

    /** Owns the backend. */
    Twins(CpuBackend checked) {
        this.checked = checked;
    }

    /** One of the two at work. */
    record Side(CpuBackend backend, SplittableRandom random) {
        Buffer empty(int rows, int columns) {
            return backend.allocate(rows, columns + GAP).columns(GAP - 1, columns);
        }

        /** Numbers between {@code -size} and {@code size}. */
        Buffer random(int rows, int columns, double size) {
            Buffer buffer = empty(rows, columns);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < columns; i++) {
                    float number = (float) (size * random.nextDouble(-1, 1));
                    buffer.memory().setAtIndex(JAVA_FLOAT, buffer.at(row) + i, number);
                }
            }
            return buffer;
        }

        /** As {@link #random}, one in sixteen being infinite or not a number. */
        Buffer wild(int rows, int columns, double size) {
            Buffer buffer = random(rows, columns, size);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < columns; i++) {
                    if (random.nextInt(16) == 0) {
                        float number = WILD[random.nextInt(WILD.length)];
                        buffer.memory().setAtIndex(JAVA_FLOAT, buffer.at(row) + i, number);
                    }
                }
            }
            return buffer;
        }

        /** As a layer's parameters lie: without gaps. */
        Buffer parameters(int columns) {
            float[] values = new float[columns];
            for (int i = 0; i < columns; i++) {
                values[i] = (float) random.nextDouble(-2, 2);
            }
            return backend.upload(values, 1, columns);
        }
    }

    /** Has both do the work and compares what they return. */
    void compare(Deviation deviation, Function<Side, Buffer> work) {
        long seed = seeds.nextLong();
        Buffer expected = work.apply(new Side(truth, new SplittableRandom(seed)));
        Buffer found = work.apply(new Side(checked, new SplittableRandom(seed)));
        for (int row = 0; row < expected.rows(); row++) {
            deviation.addRow(row(expected, row), row(found, row));
        }
        deviation.countCase();
    }

    private static float[] row(Buffer buffer, int row) {
        float[] numbers = new float[buffer.columns()];
        MemorySegment.copy(buffer.memory(), JAVA_FLOAT, buffer.at(row) * Float.BYTES, numbers, 0, numbers.length);
        return numbers;
    }

    @Override
    public void close() {
        truth.close();
        checked.close();
    }
}
