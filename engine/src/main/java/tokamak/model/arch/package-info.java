/**
 * One small file per model family: the names it goes by and in what it differs from the plain decoder.
 *
 * <p>Knows {@code model}, {@code tensor} and the metadata half of {@code file}.
 */
@NullMarked
package tokamak.model.arch;

import org.jspecify.annotations.NullMarked;
