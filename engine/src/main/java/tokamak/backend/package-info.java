/**
 * Who does the arithmetic: about two dozen coarse operations on device memory, the weights and KV blocks that live
 * there; nothing about models.
 *
 * <p>Knows {@code tensor}. Operations are called by one thread, the engine thread, and may fan out to workers of their own.
 */
@NullMarked
package tokamak.backend;

import org.jspecify.annotations.NullMarked;
