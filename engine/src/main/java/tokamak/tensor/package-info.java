/**
 * Bytes with a meaning: a typed, shaped view of off-heap memory, and the exact layout of every quantised block.
 *
 * <p>Knows no other room. Everything here may be used from any thread.
 */
@NullMarked
package tokamak.tensor;

import org.jspecify.annotations.NullMarked;
