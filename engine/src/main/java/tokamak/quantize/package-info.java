/** Writes a model anew in another number format, tensor by tensor. */
@NullMarked
package tokamak.quantize;

import org.jspecify.annotations.NullMarked;
