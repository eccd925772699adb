package tokamak.schedule;

import org.jspecify.annotations.Nullable;

/** Where the engine thread finds its commands: the only way into this room while the loop runs. */
public interface CommandSource {
    /** The next command, null if there is none now. */
    @Nullable
    Command poll();

    /** Waits until there is a command or the time is over. */
    void await(long maxNanos);
}
