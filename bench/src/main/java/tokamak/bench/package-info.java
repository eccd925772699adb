/** Benchmarks of single kernels, for JMH. */
@NullMarked
package tokamak.bench;

import org.jspecify.annotations.NullMarked;
