/**
 * Which token: changes logits and draws, reproducibly from a seed.
 *
 * <p>Knows {@code api}, {@code tensor}, {@code backend} and {@code grammar}. Runs on the engine thread.
 */
@NullMarked
package tokamak.sample;

import org.jspecify.annotations.NullMarked;
