/** Requests to come, from a seed or a trace, and what their times add up to: for benchmarks of an engine and of a server. */
@NullMarked
package tokamak.workload;

import org.jspecify.annotations.NullMarked;
