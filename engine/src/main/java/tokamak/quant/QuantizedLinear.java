package tokamak.quant;

import java.util.Set;
import tokamak.tensor.Matrix;

/**
 * The weights of a linear layer.
 *
 * @param tensorNames all tensors they were made of
 */
public record QuantizedLinear(Matrix matrix, Set<String> tensorNames) {
    public QuantizedLinear {
        tensorNames = Set.copyOf(tensorNames);
    }
}
