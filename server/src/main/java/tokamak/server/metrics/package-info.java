/**
 * Counts and times what the server does, and shows it in Prometheus' text formats: under vLLM's names, so that dashboards
 * made for it work, and under {@code tokamak_} for what vLLM has no name for.
 *
 * <p>Knows the lobby and api. Any thread may count.
 */
@NullMarked
package tokamak.server.metrics;

import org.jspecify.annotations.NullMarked;
