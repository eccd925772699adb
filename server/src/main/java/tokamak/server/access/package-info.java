/**
 * Who asks, and how much they may: API keys and their limits.
 *
 * <p>Knows no other room. Any thread may ask.
 */
@NullMarked
package tokamak.server.access;

import org.jspecify.annotations.NullMarked;
