package tokamak.sample;

/**
 * Random numbers that are a function of (seed, position) and nothing else: whoever asks, in whatever order, gets the same.
 * The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
 */
public final class RandomStream {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private RandomStream() {}

    /** Uniform in [0, 1), a multiple of 2^-53. */
    public static double uniform(long seed, int position) {
        // The seed is mixed before the position is added: streams of neighbouring seeds do not overlap.
        long bits = mix(mix(seed) + GOLDEN_GAMMA * (position + 1L));
        return (bits >>> 11) * 0x1.0p-53;
    }

    /** The seed of the request's answer {@code index}; answer 0 has the request's own. */
    public static long seedOf(long requestSeed, int index) {
        return index == 0 ? requestSeed : mix(requestSeed ^ mix(GOLDEN_GAMMA * index));
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
