/**
 * The command line: arguments become requests, answers become text or JSON. Decides nothing about models.
 *
 * <p>Knows the lobby and {@code api}. Runs on the main thread.
 */
@NullMarked
package tokamak.server.cli;

import org.jspecify.annotations.NullMarked;
