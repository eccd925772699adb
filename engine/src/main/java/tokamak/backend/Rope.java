package tokamak.backend;

/**
 * Rotary position embedding (<a href="https://arxiv.org/abs/2104.09864">Su et al. 2021</a>) over the first
 * {@code 2 * inverseFrequencies.length} numbers of a head. Frequencies come with every scaling scheme already applied.
 *
 * @param inverseFrequencies [rotated / 2] radians per position of each pair
 * @param magnitude factor on cosine and sine (yarn and longrope), else 1
 */
public record Rope(double[] inverseFrequencies, double magnitude, Pairing pairing) {
    /** Which two numbers of a head make a pair. */
    public enum Pairing {
        /** (i, i + rotated / 2), as in GPT-NeoX and Hugging Face checkpoints. */
        HALVES,
        /** (2 i, 2 i + 1), as in the paper and in GGUF files of the llama family. */
        ADJACENT
    }

    /** Numbers of a head that are rotated. */
    public int rotated() {
        return 2 * inverseFrequencies.length;
    }
}
