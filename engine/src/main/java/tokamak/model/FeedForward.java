package tokamak.model;

import org.jspecify.annotations.Nullable;
import tokamak.backend.Activation;
import tokamak.backend.Experts;
import tokamak.backend.Routing;

/** The half of a block that works on every token by itself. */
sealed interface FeedForward {
    /** {@code down(activation(gate) * up)}; gate and up are one matrix. */
    record GatedMlp(Linear gateUp, Linear down, Activation activation) implements FeedForward {}

    /** {@code down(activation(up))}. */
    record Mlp(Linear up, Linear down, Activation activation) implements FeedForward {}

    /**
     * A few of many experts per token, and perhaps one that all share.
     *
     * @param shared null for none
     * @param sharedGate hiddenSize to one number, whose sigmoid scales the shared expert; null for none
     */
    record MixtureOfExperts(
            Linear router,
            Routing routing,
            Experts experts,
            @Nullable GatedMlp shared,
            @Nullable Linear sharedGate) implements FeedForward {}
}
