package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Buffer;

/**
 * {@code out = x · wᵀ + bias} in plain Java: each output row of the weight is dequantised once per call and multiplied with
 * every row of x. A sum runs over k in eight interleaved partial sums that are added in one fixed order, so a result
 * depends on nothing but its own row of x and of w.
 */
final class ScalarLinear implements WorkerTeam.Job {
    /** Output rows per chunk: enough work to be worth taking, few enough to balance. */
    private static final int TILE = 16;

    private final float[][] weightRow; // [worker][inFeatures]
    private float[] inputs = new float[0]; // [rows, inFeatures]
    private int rows;
    private @Nullable ScalarWeight weight;
    private @Nullable Buffer bias;
    private @Nullable Buffer out;

    ScalarLinear(int numWorkers) {
        weightRow = new float[numWorkers][0];
    }

    void run(WorkerTeam team, int rows, Buffer x, ScalarWeight weight, @Nullable Buffer bias, Buffer out) {
        this.rows = rows;
        this.weight = weight;
        this.bias = bias;
        this.out = out;
        int inFeatures = weight.inFeatures();
        if (inputs.length < rows * inFeatures) {
            inputs = new float[Math.multiplyExact(rows, inFeatures)];
        }
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(x.memory(), JAVA_FLOAT, x.at(row) * Float.BYTES, inputs, row * inFeatures, inFeatures);
        }
        team.run(this, (weight.outFeatures() + TILE - 1) / TILE);
    }

    @Override
    @SuppressWarnings("NullAway") // run() has set the fields
    public void run(int chunk, int worker) {
        ScalarWeight weight = this.weight;
        Buffer out = this.out;
        Buffer bias = this.bias;
        int inFeatures = weight.inFeatures();
        if (weightRow[worker].length < inFeatures) {
            weightRow[worker] = new float[inFeatures];
        }
        float[] w = weightRow[worker];
        int end = Math.min((chunk + 1) * TILE, weight.outFeatures());
        for (int n = chunk * TILE; n < end; n++) {
            weight.dequantizeRow(n, w);
            float add = bias == null ? 0 : bias.memory().getAtIndex(JAVA_FLOAT, bias.offset() + n);
            for (int row = 0; row < rows; row++) {
                float sum = dot(inputs, row * inFeatures, w, 0, inFeatures);
                out.memory().setAtIndex(JAVA_FLOAT, out.at(row) + n, sum + add);
            }
        }
    }

    /** Eight chains of additions keep the adders busy; one chain would wait for itself at every step. */
    static float dot(float[] a, int aAt, float[] b, int bAt, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i + 8 <= count; i += 8) {
            s0 += a[aAt + i] * b[bAt + i];
            s1 += a[aAt + i + 1] * b[bAt + i + 1];
            s2 += a[aAt + i + 2] * b[bAt + i + 2];
            s3 += a[aAt + i + 3] * b[bAt + i + 3];
            s4 += a[aAt + i + 4] * b[bAt + i + 4];
            s5 += a[aAt + i + 5] * b[bAt + i + 5];
            s6 += a[aAt + i + 6] * b[bAt + i + 6];
            s7 += a[aAt + i + 7] * b[bAt + i + 7];
        }
        for (; i < count; i++) {
            s0 += a[aAt + i] * b[bAt + i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }
}
