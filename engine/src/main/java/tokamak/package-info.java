/**
 * The lobby: opens a model, starts the engine thread, hands out streams of tokens and closes everything.
 *
 * <p>Knows every room. All that crosses threads is here: callers' threads prepare requests and read answers, the one
 * engine thread does the work between.
 */
@NullMarked
package tokamak;

import org.jspecify.annotations.NullMarked;
