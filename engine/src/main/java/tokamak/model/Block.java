package tokamak.model;

import org.jspecify.annotations.Nullable;
import tokamak.backend.Norm;

/** One layer of a decoder. A norm that a family does not have is null. */
record Block(
        @Nullable Norm mixerNorm,
        Mixer mixer,
        @Nullable Norm mixerPostNorm,
        @Nullable Norm ffnNorm,
        FeedForward feedForward,
        @Nullable Norm ffnPostNorm) {}
