/**
 * What is computed: an architecture described as data, tensor names bound to it, and the one forward pass that calls the backend.
 *
 * <p>Knows {@code tensor}, {@code file} and {@code backend}. The forward pass runs on the engine thread.
 */
@NullMarked
package tokamak.model;

import org.jspecify.annotations.NullMarked;
