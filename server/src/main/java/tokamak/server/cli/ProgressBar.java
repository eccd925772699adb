package tokamak.server.cli;

import java.io.PrintStream;
import java.time.Duration;

/** A line that grows while something takes long. Says nothing where no person reads it, or where it is quick. */
final class ProgressBar implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long FIRST_AFTER_NANOS = Duration.ofMillis(500).toNanos();
    private static final long AGAIN_AFTER_NANOS = Duration.ofMillis(50).toNanos();
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintStream err;
    private final boolean enabled;
    private final String title;
    private final long startNanos = System.nanoTime();
    private long nextNanos = startNanos + FIRST_AFTER_NANOS;
    private boolean shown;

    ProgressBar(CliContext context, String title) {
        this.err = context.err();
        this.enabled = context.errIsTerminal();
        this.title = title;
    }

    /** @param share 0 to 1 */
    void show(double share) {
        long now = System.nanoTime();
        if (!enabled || now < nextNanos) {
            return;
        }
        nextNanos = now + AGAIN_AFTER_NANOS;
        shown = true;
        err.print(ERASE_LINE + line(title, share, Duration.ofNanos(now - startNanos)));
        err.flush();
    }

    static String line(String title, double share, Duration elapsed) {
        double clamped = Math.clamp(share, 0, 1);
        int filled = (int) (clamped * WIDTH);
        String bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
        String line = title + " [" + bar + "] " + (int) (100 * clamped) + " %";
        double left = clamped == 0 ? 0 : elapsed.toMillis() / 1000.0 * (1 - clamped) / clamped;
        return left < 1 ? line : line + ", " + (int) left + " s left";
    }

    /** Takes the line away. */
    @Override
    public void close() {
        if (shown) {
            err.print(ERASE_LINE);
            err.flush();
        }
    }
}
