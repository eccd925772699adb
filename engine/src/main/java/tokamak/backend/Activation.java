package tokamak.backend;

/** The non-linearity of a feed-forward layer. */
public enum Activation {
    /** x * sigmoid(x) */
    SILU,
    /** Gaussian error unit by erf. */
    GELU,
    /** Gaussian error unit by the tanh formula. */
    GELU_TANH,
    RELU,
    /** relu(x) squared */
    RELU_SQUARED,
    /** gpt-oss: gate g = min(gate, 7), up u = clamp(up, -7, 7): g * sigmoid(1.702 g) * (u + 1). Gated layers only. */
    CLAMPED_SWIGLU
}
