package tokamak;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import tokamak.api.Guide;
import tokamak.api.InvalidRequestException;
import tokamak.grammar.Grammar;
import tokamak.grammar.GrammarCompiler;
import tokamak.grammar.GrammarException;

/** Compiles the guides of requests on their callers' threads. The vocabulary is put in order in the background. */
final class Guides {
    private final FutureTask<GrammarCompiler> compiler;

    Guides(LoadedModel loaded) {
        this.compiler =
                new FutureTask<>(() -> new GrammarCompiler(loaded.tokenizer().vocabulary(), loaded.numTokens()));
        Thread.ofPlatform()
                .daemon()
                .name("tokamak-vocabulary")
                .priority(Thread.MIN_PRIORITY)
                .start(compiler);
    }

    /** @throws InvalidRequestException if the guide is wrong, contradicts itself or costs too much */
    Grammar compile(Guide guide) {
        try {
            return compiler.get().compile(guide);
        } catch (GrammarException e) {
            throw new InvalidRequestException("guide", e.getMessage());
        } catch (ExecutionException e) {
            throw new IllegalStateException("the vocabulary can't be used for guides", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while a guide was compiled");
        }
    }
}
