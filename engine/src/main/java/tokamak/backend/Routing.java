package tokamak.backend;

import org.jspecify.annotations.Nullable;

/**
 * How tokens choose experts.
 *
 * @param numExperts experts to choose from
 * @param numUsed experts per token
 * @param gating how router logits become scores
 * @param normalise divide the chosen scores by their sum
 * @param scale factor on the weights, applied last
 * @param selectionBias [numExperts] added to the scores for choosing only (DeepSeek-V3); null for none
 * @param numGroups experts form this many groups (1: no grouping) ...
 * @param numGroupsUsed ... of which this many may be chosen from
 */
public record Routing(
        int numExperts,
        int numUsed,
        Gating gating,
        boolean normalise,
        float scale,
        @Nullable Buffer selectionBias,
        int numGroups,
        int numGroupsUsed) {
    public enum Gating {
        SOFTMAX,
        SIGMOID
    }

    public Routing {
        if (numUsed <= 0 || numUsed > numExperts || numGroups <= 0 || numExperts % numGroups != 0) {
            throw new IllegalArgumentException(
                    numUsed + " of " + numExperts + " experts in " + numGroups + " groups cannot be chosen");
        }
    }
}
