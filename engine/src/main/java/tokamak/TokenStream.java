package tokamak;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import tokamak.api.FinishReason;
import tokamak.api.Generation;
import tokamak.api.TokamakException;
import tokamak.api.TokenEvent;
import tokamak.api.TokenLogprobs;
import tokamak.api.Usage;

/**
 * The answers to one request while they come. One thread reads; any thread may {@link #cancel}. Reading blocks until there
 * is something to say, and throws the typed exception if something went wrong. A stream that is not read to its end
 * should be closed: that cancels what is still running.
 */
public final class TokenStream implements Iterable<TokenEvent>, AutoCloseable {
    private final String requestId;
    private final int[] promptIds;
    private final List<String> warnings;
    private final AnswerChannel channel;
    private final List<Answer> answers;
    private final List<SequenceLife> lives;
    private final ArrayDeque<TokenEvent> events;
    private final IntConsumer canceller;
    /** Chooses answers once all are complete; null if all are wanted. */
    private final @Nullable BestAnswers bestAnswers;

    private int numOpen;
    private @Nullable TokamakException failure;

    /**
     * @param events where {@code answers} put what they have to say
     * @param canceller cancels the answer with this index
     * @param bestAnswers chooses among the answers when all are complete; null if all are wanted
     */
    TokenStream(
            String requestId,
            int[] promptIds,
            List<String> warnings,
            AnswerChannel channel,
            List<Answer> answers,
            List<SequenceLife> lives,
            ArrayDeque<TokenEvent> events,
            IntConsumer canceller,
            @Nullable BestAnswers bestAnswers) {
        this.requestId = requestId;
        this.promptIds = promptIds;
        this.warnings = warnings;
        this.channel = channel;
        this.answers = answers;
        this.lives = lives;
        this.events = events;
        this.canceller = canceller;
        this.bestAnswers = bestAnswers;
        this.numOpen = answers.size();
    }

    public String requestId() {
        return requestId;
    }

    /** What the caller should know about how the request was understood; most often nothing. */
    public List<String> warnings() {
        return warnings;
    }

    /** The prompt as the model sees it. */
    public int[] promptTokenIds() {
        return promptIds.clone();
    }

    /**
     * The next event; waits for it.
     *
     * @return null when every answer is complete
     * @throws TokamakException if a request fails; its other answers are cancelled
     * @throws CancellationException if the reading thread is interrupted; the request is cancelled then
     */
    public @Nullable TokenEvent next() {
        while (numOpen > 0 && (events.isEmpty() || bestAnswers != null)) {
            if (failure != null) {
                throw failure;
            }
            readOne();
            if (numOpen == 0 && bestAnswers != null) {
                List<TokenEvent> selected = bestAnswers.select(List.copyOf(events), answers.size());
                events.clear();
                events.addAll(selected);
            }
        }
        return events.poll();
    }

    /** Tokens of the prompt and of all answers so far, those that {@code best_of} drops included. */
    public Usage usage() {
        int numTokens = 0;
        for (Answer answer : answers) {
            numTokens += answer.numTokens();
        }
        return new Usage(promptIds.length, numTokens, answers.getFirst().cachedTokens());
    }

    /** How often answers had to give up their memory so far and were computed again. */
    public int numPreemptions() {
        return lives.stream().mapToInt(SequenceLife::numPreemptions).sum();
    }

    private void readOne() {
        try {
            channel.next();
        } catch (CancellationException e) {
            cancel();
            throw e;
        }
        Answer answer = answers.get(channel.answer());
        if (answer.isDone()) {
            return; // what the engine did after a stop string
        }
        switch (channel.code()) {
            case AnswerChannel.PROMPT_DONE -> answer.promptDone((AnswerChannel.PromptInfo) extra());
            case AnswerChannel.FINISHED -> answer.finish((FinishReason) extra());
            case AnswerChannel.FAILED -> {
                failure = (TokamakException) extra();
                cancel();
                throw failure;
            }
            default -> {
                answer.token(channel.code(), (TokenLogprobs) channel.extra());
                if (answer.isDone()) {
                    canceller.accept(channel.answer());
                }
            }
        }
        if (answer.isDone()) {
            numOpen--;
        }
    }

    private Object extra() {
        Object extra = channel.extra();
        if (extra == null) {
            throw new IllegalStateException("entry " + channel.code() + " without its object");
        }
        return extra;
    }

    /** The events of this stream from now on. There is one stream: iterators share it. */
    @Override
    public Iterator<TokenEvent> iterator() {
        return new Iterator<>() {
            private @Nullable TokenEvent ahead;

            @Override
            public boolean hasNext() {
                if (ahead == null) {
                    ahead = TokenStream.this.next();
                }
                return ahead != null;
            }

            @Override
            public TokenEvent next() {
                TokenEvent event = hasNext() ? ahead : null;
                if (event == null) {
                    throw new NoSuchElementException("the stream has ended");
                }
                ahead = null;
                return event;
            }
        };
    }

    /** Reads to the end and returns everything. */
    public Generation collect() {
        return collect(event -> {});
    }

    /** Reads to the end and returns everything; the listener gets every event as it comes. */
    public Generation collect(Consumer<? super TokenEvent> listener) {
        GenerationCollector collector = new GenerationCollector(requestId, promptIds, answers.size());
        for (TokenEvent event = next(); event != null; event = next()) {
            collector.add(event);
            listener.accept(event);
        }
        return collector.result(usage());
    }

    /**
     * Reads on a thread of its own.
     *
     * @param listener gets every event, in order, on that thread; if it throws, the request is cancelled
     * @return all that came, or the exception that ended it
     */
    public CompletableFuture<Generation> subscribe(Consumer<? super TokenEvent> listener) {
        CompletableFuture<Generation> result = new CompletableFuture<>();
        Thread.ofVirtual().name("tokamak-stream-" + requestId).start(() -> {
            try (this) {
                result.complete(collect(listener));
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    /** Ends all answers at the next step; they finish with {@link FinishReason#ABORT} unless they are complete. */
    public void cancel() {
        for (int i = 0; i < answers.size(); i++) {
            canceller.accept(i);
        }
    }

    @Override
    public void close() {
        cancel();
    }
}
