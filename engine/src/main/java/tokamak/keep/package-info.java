/**
 * Keeps KV blocks on disk between starts, within a bound, and never gives back one that is damaged.
 *
 * <p>Knows {@code backend} and {@code schedule}.
 */
@NullMarked
package tokamak.keep;

import org.jspecify.annotations.NullMarked;
