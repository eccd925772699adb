package tokamak.server.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The surroundings of one run of the program.
 *
 * @param out answers; buffered, so whoever writes piecemeal flushes
 * @param err everything else
 * @param inIsTerminal whether a person types
 * @param outIsTerminal whether a person reads the answers
 * @param errIsTerminal whether a person reads the rest
 * @param home the checkout or installation
 * @param dataFolder where models and caches are kept
 * @param debug show where errors come from
 */
public record CliContext(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean inIsTerminal,
        boolean outIsTerminal,
        boolean errIsTerminal,
        Optional<Path> home,
        Path dataFolder,
        boolean debug) {
    /** Whether somebody sits before the program and can be asked. */
    boolean isInteractive() {
        return inIsTerminal && outIsTerminal;
    }

    /**
     * Writes what is buffered.
     *
     * @throws ClosedPipe if nobody reads any more
     */
    void flush() {
        // checkError flushes; a PrintStream swallows the exception itself.
        if (out.checkError()) {
            throw new ClosedPipe();
        }
    }

    /** The reader has what it wanted ({@code | head}); the program ends without a word. */
    static final class ClosedPipe extends RuntimeException {
        private static final long serialVersionUID = 1;

        ClosedPipe() {
            super("the output is closed", null, false, false);
        }
    }
}
