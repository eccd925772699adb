package tokamak.server.openai;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import tokamak.server.access.Caller;

/**
 * Models by name.
 *
 * @param all of a server, or those that a key may use
 * @param whose how errors go on that name what there is
 */
public record ServedModels(List<ServedModel> all, String whose) {
    /** @param name as the client put it; given back in the answer */
    record Choice(ServedModel model, String name) {}

    public ServedModels {
        all = List.copyOf(all);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a server needs a model");
        }
    }

    public ServedModels(List<ServedModel> all) {
        this(all, "");
    }

    /**
     * Those that a caller may use: for them there are no others.
     *
     * @throws ApiException if there is none
     */
    ServedModels of(Caller caller) {
        Set<String> allowed = caller.limits().models();
        if (allowed.isEmpty()) {
            return this;
        }
        List<ServedModel> mine = all.stream()
                .filter(model -> model.allNames().anyMatch(allowed::contains))
                .toList();
        if (mine.isEmpty()) {
            throw notFound("this key may use none of the models that are here");
        }
        return new ServedModels(mine, " for this key");
    }

    /** The model a request names; the first one if it names none. */
    Choice choose(Fields request) {
        Optional<String> name = request.string("model").filter(text -> !text.isEmpty());
        if (name.isEmpty()) {
            return new Choice(all.getFirst(), all.getFirst().name());
        }
        return new Choice(named(name.get()), name.get());
    }

    ServedModel named(String name) {
        return all.stream()
                .filter(model -> model.isCalled(name))
                .findFirst()
                .orElseThrow(() -> notFound("there is no model '" + name + "' here" + whose + "; there is "
                        + all.stream()
                                .flatMap(model -> model.names().stream())
                                .map(served -> "'" + served + "'")
                                .collect(Collectors.joining(", "))));
    }

    static ApiException notFound(String message) {
        return new ApiException(404, "invalid_request_error", "model", "model_not_found", Optional.empty(), message);
    }

    /** Answers that have been asked for and have not ended, of all models. */
    int numOpenAnswers() {
        return all.stream()
                .flatMap(model -> model.loaded().stream())
                .mapToInt(engine -> engine.stats().numOpenAnswers())
                .sum();
    }

    /** Of the model with the longest. */
    int longestContext() {
        return all.stream().mapToInt(ServedModel::contextLength).max().orElseThrow();
    }

    boolean isAsleep() {
        return all.stream().anyMatch(model -> model.state() instanceof ModelState.Asleep);
    }

    /** Frees the memory of all models until they are woken; what runs may come to its end for so long. */
    void sleep(Duration grace) {
        eachAtOnce(model -> model.pool().sleep(model, grace));
    }

    /** Lets models be opened again; the first one is, because whoever asks for none means it. */
    void wake() {
        all.forEach(model -> model.pool().wake(model));
        all.getFirst().lease().close();
    }

    /** All at once, each for so long. @return whether all answers came to their own end */
    boolean shutdown(Duration grace) {
        return eachAtOnce(model -> model.pool().shutdown(model, grace));
    }

    /** Ends everything at once. */
    public void close() {
        shutdown(Duration.ZERO);
    }

    private boolean eachAtOnce(Predicate<ServedModel> action) {
        List<CompletableFuture<Boolean>> ends = all.stream()
                .map(model -> CompletableFuture.supplyAsync(() -> action.test(model), ServedModels::start))
                .toList();
        return ends.stream().map(CompletableFuture::join).reduce(true, Boolean::logicalAnd);
    }

    private static void start(Runnable task) {
        Thread.ofVirtual().name("tokamak-models").start(task);
    }
}
