/**
 * Whose turn: owns all mutable state of running requests and makes one step after another.
 *
 * <p>Knows {@code api}, {@code tensor}, {@code backend}, {@code model}, {@code sample} and {@code grammar}. All state is
 * written by one thread, the engine thread.
 */
@NullMarked
package tokamak.schedule;

import org.jspecify.annotations.NullMarked;
