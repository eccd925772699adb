package tokamak;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.sample.Distribution;

/**
 * How well a model predicts a text, and how far it is from another one. A window of fixed length slides over the text; what
 * it newly covers is scored, with all that is before it in the window as context. Where the tokenizer begins texts with a
 * token of its own, so does every window.
 */
public final class Perplexity {
    private static final int STEP_TOKENS = 256;

    private final PerplexityOptions options;
    private final DoubleConsumer progress;

    private Perplexity(PerplexityOptions options, DoubleConsumer progress) {
        this.options = options;
        this.progress = progress;
    }

    /**
     * @param progress told the share of the text that is scored, 0 to 1
     * @throws tokamak.api.ModelLoadException if a model cannot be opened
     * @throws InvalidRequestException if the text is too short, or the two models have different tokens
     */
    public static PerplexityReport measure(PerplexityOptions options, DoubleConsumer progress) {
        return new Perplexity(options, progress).measure();
    }

    private PerplexityReport measure() {
        try (LoneSequence model = open(options.model())) {
            EngineConfig reference = options.reference();
            if (reference == null) {
                return measure(model, null);
            }
            try (LoneSequence other = open(reference)) {
                return measure(model, other);
            }
        }
    }

    private LoneSequence open(EngineConfig config) {
        return LoneSequence.open(config, options.contextLength(), STEP_TOKENS);
    }

    private PerplexityReport measure(LoneSequence model, @Nullable LoneSequence reference) {
        int[] ids = model.encode(options.text());
        ids = Arrays.copyOf(ids, Math.min(ids.length, options.maxTokens()));
        if (ids.length < 2) {
            throw new InvalidRequestException("text", "the text has " + ids.length + " tokens: at least 2 are needed");
        }
        if (reference != null && !Arrays.equals(ids, Arrays.copyOf(reference.encode(options.text()), ids.length))) {
            throw new InvalidRequestException(
                    "reference", "the two models cut the text into different tokens: they can't be compared");
        }
        if (reference != null && reference.vocabSize() != model.vocabSize()) {
            throw new InvalidRequestException(
                    "reference",
                    "the models have " + model.vocabSize() + " and " + reference.vocabSize()
                            + " logits: they can't be compared");
        }
        Tally tally = new Tally();
        int scored = 0;
        int start = 0;
        OptionalInt bos = model.bos();
        while (scored < ids.length) {
            int room = options.contextLength() - (bos.isPresent() ? 1 : 0);
            int end = Math.min(ids.length, start + room);
            int[] window = Arrays.copyOfRange(ids, start, end);
            int firstScored = scored - start;
            if (bos.isPresent()) {
                window = IntStream.concat(IntStream.of(bos.getAsInt()), Arrays.stream(window))
                        .toArray();
                firstScored++;
            }
            // Nothing stands before a text's first token if no token begins it.
            score(model, reference, window, Math.max(1, firstScored), tally);
            scored = end;
            start = Math.max(start + 1, end + options.stride() - room);
            progress.accept((double) scored / ids.length);
        }
        return report(model, reference, tally);
    }

    /** Scores the tokens of a window from {@code firstScored} on. */
    private void score(
            LoneSequence model, @Nullable LoneSequence reference, int[] window, int firstScored, Tally tally) {
        Distribution predicted = new Distribution(model.vocabSize());
        Distribution expected = new Distribution(model.vocabSize());
        int from = 0;
        while (from < window.length - 1) {
            int firstRow = Math.max(from, firstScored - 1);
            int count = Math.min(STEP_TOKENS, firstRow - from + model.maxLogitRows());
            count = Math.min(count, window.length - 1 - from);
            int rows = Math.max(0, from + count - firstRow);
            MemorySegment logits = model.step(window, from, count, rows);
            MemorySegment others = reference == null ? null : reference.step(window, from, count, rows);
            for (int row = 0; row < rows; row++) {
                int next = window[from + count - rows + row + 1];
                predicted.read(logits, row);
                tally.add(predicted.logprob(next));
                if (others != null) {
                    expected.read(others, row);
                    tally.compare(predicted, expected, next);
                }
            }
            from += count;
        }
    }

    private PerplexityReport report(LoneSequence model, @Nullable LoneSequence reference, Tally tally) {
        double mean = tally.logprob.mean();
        double perplexity = Math.exp(-mean);
        PerplexityReport.Comparison comparison = reference == null
                ? null
                : new PerplexityReport.Comparison(
                        reference.name(),
                        Math.exp(-tally.referenceLogprob.mean()),
                        tally.divergence.mean(),
                        tally.divergence.error(),
                        tally.divergence.max,
                        (double) tally.numSameBest / tally.divergence.count);
        return new PerplexityReport(
                model.name(),
                tally.logprob.count,
                options.contextLength(),
                options.stride(),
                mean,
                perplexity,
                perplexity * tally.logprob.error(),
                comparison);
    }

    /** Mean and standard error of a stream of numbers (Welford 1962). */
    private static final class Moments {
        private int count;
        private double mean;
        private double squares;
        private double max = Double.NEGATIVE_INFINITY;

        void add(double value) {
            count++;
            double before = value - mean;
            mean += before / count;
            squares += before * (value - mean);
            max = Math.max(max, value);
        }

        double mean() {
            return mean;
        }

        double error() {
            return count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1) / count);
        }
    }

    private static final class Tally {
        private final Moments logprob = new Moments();
        private final Moments referenceLogprob = new Moments();
        private final Moments divergence = new Moments();
        private int numSameBest;

        void add(double tokenLogprob) {
            logprob.add(tokenLogprob);
        }

        void compare(Distribution model, Distribution reference, int next) {
            referenceLogprob.add(reference.logprob(next));
            divergence.add(reference.divergenceOf(model));
            if (model.best() == reference.best()) {
                numSameBest++;
            }
        }
    }
}
