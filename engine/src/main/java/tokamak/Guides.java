package tokamak;

import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import tokamak.api.Guide;
import tokamak.api.InvalidRequestException;
import tokamak.grammar.Grammar;
import tokamak.grammar.GrammarCompiler;
import tokamak.grammar.GrammarException;
import tokamak.text.Tokenizer;

/**
 * Compiles the guides of requests on their callers' threads. The vocabulary is put in order when the first guide comes, or
 * when {@link #prepare} is called.
 */
final class Guides {
    private final FutureTask<GrammarCompiler> compiler;

    Guides(LoadedModel loaded) {
        Tokenizer tokenizer = loaded.tokenizer();
        this.compiler = new FutureTask<>(
                () -> new GrammarCompiler(tokenizer.vocabulary(), loaded.numTokens(), tokenizer::encodeLiterally));
    }

    /**
     * Puts the vocabulary in order and follows guides of the usual kinds for a while, so that the first request finds compiled
     * code: a second or two on one core.
     */
    void prepare() {
        compiler.run();
        GuideRehearsal.run(compiler.resultNow());
    }

    /** @throws InvalidRequestException if the guide is wrong, contradicts itself or costs too much */
    Grammar compile(Guide guide) {
        try {
            compiler.run(); // once; whoever comes second waits
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
