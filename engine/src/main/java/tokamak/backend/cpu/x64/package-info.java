/**
 * The machine-code layer of the CPU backend: an assembler for the instructions the kernels need, the kernels written on
 * it, and typed methods that check sizes before they call them. Nothing here knows what a model is.
 *
 * <p>Knows {@code tensor}. Kernels run on whatever thread calls them; objects are immutable once built unless they say
 * otherwise.
 */
@NullMarked
package tokamak.backend.cpu.x64;

import org.jspecify.annotations.NullMarked;
