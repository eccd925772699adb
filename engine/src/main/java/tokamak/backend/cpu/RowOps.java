package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import tokamak.backend.Activation;
import tokamak.backend.Buffer;
import tokamak.backend.Norm;
import tokamak.backend.Rope;
import tokamak.backend.StepInput;

/** One row at a time: everything that is neither a matrix product nor attention. Plain loops; the scalar truth. */
final class RowOps {
    private RowOps() {}

    /** {@code out[outAt ..] = norm(x[at .. at + count])}; sums in double, so that the order of summation hardly matters. */
    static void norm(Norm norm, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        norm(norm, 0, x, at, out, outAt, count);
    }

    /** The same with weights and biases from {@code weightAt} on. */
    static void norm(Norm norm, int weightAt, MemorySegment x, long at, MemorySegment out, long outAt, int count) {
        double mean = 0;
        if (norm.kind() == Norm.Kind.LAYER) {
            for (int i = 0; i < count; i++) {
                mean += x.getAtIndex(JAVA_FLOAT, at + i);
            }
            mean /= count;
        }
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double centred = x.getAtIndex(JAVA_FLOAT, at + i) - mean;
            squares += centred * centred;
        }
        double scale = 1 / Math.sqrt(squares / count + norm.epsilon());
        Buffer weight = norm.weight();
        Buffer bias = norm.bias();
        for (int i = 0; i < count; i++) {
            double value = (x.getAtIndex(JAVA_FLOAT, at + i) - mean) * scale;
            if (weight != null) {
                value *= weight.memory().getAtIndex(JAVA_FLOAT, weight.offset() + weightAt + i);
            }
            if (bias != null) {
                value += bias.memory().getAtIndex(JAVA_FLOAT, bias.offset() + weightAt + i);
            }
            out.setAtIndex(JAVA_FLOAT, outAt + i, (float) value);
        }
    }

    static void addScaled(Buffer x, Buffer y, float scale, int row) {
        long at = x.at(row);
        long from = y.at(row);
        for (int i = 0; i < x.columns(); i++) {
            float sum = x.memory().getAtIndex(JAVA_FLOAT, at + i)
                    + scale * y.memory().getAtIndex(JAVA_FLOAT, from + i);
            x.memory().setAtIndex(JAVA_FLOAT, at + i, sum);
        }
    }

    static void multiplySigmoid(Buffer x, Buffer gate, int row) {
        long at = x.at(row);
        long gateAt = gate.at(row);
        int gateStep = gate.columns() == 1 ? 0 : 1;
        for (int i = 0; i < x.columns(); i++) {
            double g = gate.memory().getAtIndex(JAVA_FLOAT, gateAt + (long) i * gateStep);
            double value = x.memory().getAtIndex(JAVA_FLOAT, at + i) * sigmoid(g);
            x.memory().setAtIndex(JAVA_FLOAT, at + i, (float) value);
        }
    }

    static void activateGated(Activation activation, Buffer gateUp, Buffer out, int row) {
        long gateAt = gateUp.at(row);
        long upAt = gateAt + out.columns();
        long outAt = out.at(row);
        for (int i = 0; i < out.columns(); i++) {
            float gate = gateUp.memory().getAtIndex(JAVA_FLOAT, gateAt + i);
            float up = gateUp.memory().getAtIndex(JAVA_FLOAT, upAt + i);
            double value =
                    activation == Activation.CLAMPED_SWIGLU ? clampedSwiglu(gate, up) : activate(activation, gate) * up;
            out.memory().setAtIndex(JAVA_FLOAT, outAt + i, (float) value);
        }
    }

    static void activate(Activation activation, Buffer x, int row) {
        long at = x.at(row);
        for (int i = 0; i < x.columns(); i++) {
            float value = x.memory().getAtIndex(JAVA_FLOAT, at + i);
            x.memory().setAtIndex(JAVA_FLOAT, at + i, (float) activate(activation, value));
        }
    }

    static double activate(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x * sigmoid(x);
            case GELU -> 0.5 * x * (x < 0 ? erfc(-x * Math.sqrt(0.5)) : 2 - erfc(x * Math.sqrt(0.5)));
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case RELU -> Math.max(x, 0);
            case RELU_SQUARED -> Math.max(x, 0) * Math.max(x, 0);
            case CLAMPED_SWIGLU -> throw new IllegalArgumentException("clamped swiglu needs a gated layer");
        };
    }

    private static double clampedSwiglu(double gate, double up) {
        double limit = 7;
        double g = Math.min(gate, limit);
        double u = Math.clamp(up, -limit, limit);
        return g * sigmoid(1.702 * g) * (u + 1);
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /**
     * Complement of the error function for {@code x >= 0}: by the error function's Taylor series near zero, by a continued
     * fraction (evaluated from behind) elsewhere; relative error below 1e-9.
     */
    static double erfc(double x) {
        if (x < 2.5) {
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - 2 / Math.sqrt(Math.PI) * sum;
        }
        double fraction = 0;
        for (int n = 60; n > 0; n--) {
            fraction = n / 2.0 / (x + fraction);
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
    }

    static void ropeAngles(Rope rope, StepInput input, Buffer out, int row) {
        long at = out.at(row);
        double[] frequencies = rope.inverseFrequencies();
        int position = input.positions()[row];
        for (int i = 0; i < frequencies.length; i++) {
            double angle = position * frequencies[i];
            out.memory().setAtIndex(JAVA_FLOAT, at + 2L * i, (float) (Math.cos(angle) * rope.magnitude()));
            out.memory().setAtIndex(JAVA_FLOAT, at + 2L * i + 1, (float) (Math.sin(angle) * rope.magnitude()));
        }
    }

    static void rope(Rope rope, int headDim, Buffer angles, Buffer x, int row) {
        int pairs = rope.inverseFrequencies().length;
        boolean halves = rope.pairing() == Rope.Pairing.HALVES;
        int step = halves ? 1 : 2;
        int distance = halves ? pairs : 1;
        long anglesAt = angles.at(row);
        for (int head = 0; head < x.columns(); head += headDim) {
            long at = x.at(row) + head;
            for (int i = 0; i < pairs; i++) {
                float cos = angles.memory().getAtIndex(JAVA_FLOAT, anglesAt + 2L * i);
                float sin = angles.memory().getAtIndex(JAVA_FLOAT, anglesAt + 2L * i + 1);
                long first = at + (long) i * step;
                long second = first + distance;
                float a = x.memory().getAtIndex(JAVA_FLOAT, first);
                float b = x.memory().getAtIndex(JAVA_FLOAT, second);
                x.memory().setAtIndex(JAVA_FLOAT, first, a * cos - b * sin);
                x.memory().setAtIndex(JAVA_FLOAT, second, b * cos + a * sin);
            }
        }
    }

    static void scaleLogits(Buffer logits, float scale, float cap, int row) {
        long at = logits.at(row);
        for (int i = 0; i < logits.columns(); i++) {
            float value = scale * logits.memory().getAtIndex(JAVA_FLOAT, at + i);
            if (cap != 0) {
                value = (float) (cap * Math.tanh(value / cap));
            }
            logits.memory().setAtIndex(JAVA_FLOAT, at + i, value);
        }
    }
}
