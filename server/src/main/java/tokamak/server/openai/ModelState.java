package tokamak.server.openai;

import java.util.concurrent.CompletableFuture;
import tokamak.Engine;

/** What a model of the server is doing. */
sealed interface ModelState {
    /** Not in memory; opened when somebody needs it. */
    record Cold() implements ModelState {}

    /** Being opened or closed. @param done completes when that is over, with the reason if it failed */
    record Busy(CompletableFuture<Void> done) implements ModelState {}

    record Loaded(Engine engine) implements ModelState {}

    /** Could not be opened. @param nanos when */
    record Failed(RuntimeException why, long nanos) implements ModelState {}

    /** Not in memory, and not to be opened before it is woken. @param done completes when its memory is free */
    record Asleep(CompletableFuture<Void> done) implements ModelState {}

    /** The server has stopped. */
    record Closed() implements ModelState {}

    /** In a word, for lists. */
    default String word() {
        return switch (this) {
            case Cold _ -> "unloaded";
            case Busy _ -> "busy";
            case Loaded _ -> "loaded";
            case Failed _ -> "failed";
            case Asleep _ -> "asleep";
            case Closed _ -> "closed";
        };
    }
}
