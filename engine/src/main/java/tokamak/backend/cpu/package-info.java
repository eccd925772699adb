/**
 * Arithmetic on the CPU: worker threads, and the scalar truth in plain Java that every faster kernel is tested against.
 *
 * <p>Knows {@code backend} and {@code tensor}. The engine thread calls; workers of the team help.
 */
@NullMarked
package tokamak.backend.cpu;

import org.jspecify.annotations.NullMarked;
