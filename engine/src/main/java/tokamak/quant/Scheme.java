package tokamak.quant;

import java.util.Optional;
import tokamak.file.ModelFormatException;

/** One way of storing quantised linear layers. */
sealed interface Scheme permits AwqScheme, GptqScheme, ScaledScheme, BitsAndBytesScheme {
    /** Whether the module has quantised weights of this scheme. */
    boolean has(String module);

    /** The module's weights, if they are quantised. */
    Optional<QuantizedLinear> find(String module) throws ModelFormatException;
}
