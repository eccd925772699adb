/**
 * Finds the parts of a quantised linear layer in a Hugging Face checkpoint, in the layout of whoever published it, and gives
 * its rows in a {@link tokamak.tensor.GroupFormat}.
 */
@NullMarked
package tokamak.quant;

import org.jspecify.annotations.NullMarked;
