/**
 * What is on disk: opens a model file or folder, checks it, and yields metadata and named tensors without copying.
 *
 * <p>Knows {@code tensor}. Files come from the internet: lengths, offsets and counts are checked before anything is
 * allocated or mapped. Any thread may read an open checkpoint; the one who opened it closes it.
 */
@NullMarked
package tokamak.file;

import org.jspecify.annotations.NullMarked;
