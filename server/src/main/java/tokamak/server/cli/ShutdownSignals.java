package tokamak.server.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import sun.misc.Signal;
import tokamak.server.openai.ApiServer;

/**
 * SIGTERM and Ctrl-C: the first lets running requests come to their end, the second stops at once. Java's own shutdown hooks
 * can't tell the second from the first.
 */
final class ShutdownSignals {
    private static final int EXIT_KILLED = 143;

    private ShutdownSignals() {}

    /** Serves until told to stop. @return the exit code: 0, or 1 if requests had to be cut off */
    static int await(ApiServer server, Duration grace, PrintStream err) throws InterruptedException {
        CompletableFuture<Duration> asked = server.stopAsked();
        AtomicInteger count = new AtomicInteger();
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> {
                if (count.incrementAndGet() == 1) {
                    asked.complete(grace);
                } else {
                    Runtime.getRuntime().halt(EXIT_KILLED);
                }
            });
        }
        Duration allowed = await(asked);
        int open = server.numOpenRequests();
        err.println("stopping"
                + (open == 0
                        ? ""
                        : ": waiting up to " + allowed.toSeconds() + " s for " + open
                                + (open == 1 ? " request" : " requests")));
        err.flush();
        return server.shutdown(allowed) ? 0 : 1;
    }

    private static Duration await(CompletableFuture<Duration> asked) throws InterruptedException {
        try {
            return asked.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
