package tokamak.sample;

import java.util.Map;

/** Adds a constant to the logits of some tokens. */
final class LogitBias implements LogitsProcessor {
    private final int[] ids;
    private final float[] biases;

    LogitBias(Map<Integer, Double> biasById) {
        ids = new int[biasById.size()];
        biases = new float[biasById.size()];
        int i = 0;
        for (Map.Entry<Integer, Double> entry : biasById.entrySet()) {
            ids[i] = entry.getKey();
            biases[i++] = entry.getValue().floatValue();
        }
    }

    @Override
    public void apply(float[] logits) {
        for (int i = 0; i < ids.length; i++) {
            logits[ids[i]] += biases[i];
        }
    }

    @Override
    public void accept(int tokenId) {}
}
