package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import tokamak.backend.Buffer;
import tokamak.backend.Routing;

/** Chooses experts for one row at a time. Ties go to the lower expert number. */
final class Router {
    private double[] scores = new double[0];
    private double[] choice = new double[0]; // scores plus selection bias; -inf once chosen or excluded
    private double[] groupScores = new double[0];

    void route(Routing routing, Buffer logits, Buffer expertIds, Buffer expertWeights, int row) {
        int numExperts = routing.numExperts();
        if (scores.length < numExperts) {
            scores = new double[numExperts];
            choice = new double[numExperts];
            groupScores = new double[numExperts];
        }
        score(routing, logits, row);
        Buffer bias = routing.selectionBias();
        for (int e = 0; e < numExperts; e++) {
            choice[e] = bias == null ? scores[e] : scores[e] + bias.memory().getAtIndex(JAVA_FLOAT, bias.offset() + e);
        }
        if (routing.numGroupsUsed() < routing.numGroups()) {
            excludeGroups(routing);
        }
        long idsAt = expertIds.at(row);
        double sum = 0;
        for (int i = 0; i < routing.numUsed(); i++) {
            int best = argmax(choice, numExperts);
            choice[best] = Double.NEGATIVE_INFINITY;
            expertIds.memory().setAtIndex(JAVA_FLOAT, idsAt + i, best);
            sum += scores[best];
        }
        double factor = routing.scale() / (routing.normalise() ? sum : 1);
        for (int i = 0; i < routing.numUsed(); i++) {
            int expert = (int) expertIds.memory().getAtIndex(JAVA_FLOAT, idsAt + i);
            expertWeights.memory().setAtIndex(JAVA_FLOAT, expertWeights.at(row) + i, (float) (scores[expert] * factor));
        }
    }

    private void score(Routing routing, Buffer logits, int row) {
        int numExperts = routing.numExperts();
        long at = logits.at(row);
        double max = Double.NEGATIVE_INFINITY;
        for (int e = 0; e < numExperts; e++) {
            scores[e] = logits.memory().getAtIndex(JAVA_FLOAT, at + e);
            max = Math.max(max, scores[e]);
        }
        switch (routing.gating()) {
            case SIGMOID -> {
                for (int e = 0; e < numExperts; e++) {
                    scores[e] = RowOps.sigmoid(scores[e]);
                }
            }
            case SOFTMAX -> {
                double sum = 0;
                for (int e = 0; e < numExperts; e++) {
                    scores[e] = Math.exp(scores[e] - max);
                    sum += scores[e];
                }
                for (int e = 0; e < numExperts; e++) {
                    scores[e] /= sum;
                }
            }
        }
    }

    /** DeepSeek-V3: a group counts as the sum of its two best choices; experts of groups that lose cannot be chosen. */
    private void excludeGroups(Routing routing) {
        int groupSize = routing.numExperts() / routing.numGroups();
        for (int g = 0; g < routing.numGroups(); g++) {
            double first = Double.NEGATIVE_INFINITY;
            double second = Double.NEGATIVE_INFINITY;
            for (int e = g * groupSize; e < (g + 1) * groupSize; e++) {
                if (choice[e] > first) {
                    second = first;
                    first = choice[e];
                } else if (choice[e] > second) {
                    second = choice[e];
                }
            }
            groupScores[g] = groupSize == 1 ? first : first + second;
        }
        for (int i = 0; i < routing.numGroupsUsed(); i++) {
            groupScores[argmax(groupScores, routing.numGroups())] = Double.NaN; // NaN marks a winner
        }
        for (int g = 0; g < routing.numGroups(); g++) {
            if (!Double.isNaN(groupScores[g])) {
                java.util.Arrays.fill(choice, g * groupSize, (g + 1) * groupSize, Double.NEGATIVE_INFINITY);
            }
        }
    }

    /** The first of the largest values; NaN never wins; 0 if nothing does. */
    private static int argmax(double[] values, int count) {
        int best = 0;
        double bestValue = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            if (values[i] > bestValue) {
                bestValue = values[i];
                best = i;
            }
        }
        return best;
    }
}
