package tokamak.backend;

import org.jspecify.annotations.Nullable;

/**
 * Normalisation of a vector: root mean square (<a href="https://arxiv.org/abs/1910.07467">Zhang and Sennrich 2019</a>) or
 * layer norm (<a href="https://arxiv.org/abs/1607.06450">Ba et al. 2016</a>).
 *
 * @param weight [columns], multiplied after normalising; null multiplies by one
 * @param bias [columns], added last; null adds nothing
 */
public record Norm(
        Kind kind, @Nullable Buffer weight, @Nullable Buffer bias, float epsilon) {
    public enum Kind {
        RMS,
        LAYER
    }
}
