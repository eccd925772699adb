package tokamak.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How the tokens of one request are chosen and when they stop. Every value is checked here; whether a token id exists is
 * checked where the model is known.
 *
 * @param temperature 0 is greedy; otherwise logits are divided by it. [0, 1000]
 * @param topP keep the smallest set of most likely tokens whose probabilities reach this sum. (0, 1]; 1 keeps all
 * @param topK keep this many most likely tokens; 0 or -1 keeps all
 * @param minP drop tokens less likely than this share of the most likely one. [0, 1]; 0 drops none
 * @param repetitionPenalty logits of tokens in prompt or answer are divided (positive) or multiplied (negative) by it. (0, 10]
 * @param presencePenalty taken once from the logit of every token in the answer. [-2, 2]
 * @param frequencyPenalty taken from a token's logit as often as it is in the answer. [-2, 2]
 * @param logitBias added to the logits of these ids. [-100, 100]
 * @param allowedTokenIds only these may come; empty allows all
 * @param badWords texts the answer may not contain; the lobby turns them into ids
 * @param badWordIds token sequences the answer may not contain
 * @param seed same seed, same prompt, same parameters: same tokens; empty draws a fresh seed
 * @param maxTokens the most tokens to generate; empty: as many as the context holds
 * @param minTokens no stop token before this many
 * @param stop texts that end the answer; they are cut off unless {@code includeStopString}
 * @param stopTokenIds token ids that end the answer, beside the model's own
 * @param ignoreEos the model's own end tokens do not end the answer
 * @param includeStopString leave the stop text, or the text of the stop token, in the answer
 * @param logprobs report the log-probability of every token and this many best ones. [0, 100]
 * @param promptLogprobs the same for the prompt's tokens. [0, 100]
 * @param repetitionDetection end an answer that repeats itself
 * @param n answers to generate for the prompt. [1, 128]
 * @param bestOf answers to generate, of which the {@code n} most likely are kept; 0: as many as {@code n}
 */
public record SamplingParams(
        double temperature,
        double topP,
        int topK,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        Set<Integer> allowedTokenIds,
        List<String> badWords,
        List<List<Integer>> badWordIds,
        OptionalLong seed,
        OptionalInt maxTokens,
        int minTokens,
        List<String> stop,
        Set<Integer> stopTokenIds,
        boolean ignoreEos,
        boolean includeStopString,
        OptionalInt logprobs,
        OptionalInt promptLogprobs,
        Optional<RepetitionDetection> repetitionDetection,
        int n,
        int bestOf) {
    /** The most best tokens a request may ask log-probabilities of. */
    public static final int MAX_LOGPROBS = 100;

    /** The most answers a request may ask for. */
    public static final int MAX_N = 128;

    private static final int MAX_STOP_STRINGS = 64;
    private static final int MAX_STOP_CHARS = 4096;
    private static final int MAX_BAD_WORDS = 1024;

    public SamplingParams {
        Check.inRange("temperature", temperature, 0, 1000);
        Check.inRangeAbove("top_p", topP, 0, 1);
        Check.inRange("top_k", topK, -1, Integer.MAX_VALUE);
        Check.inRange("min_p", minP, 0, 1);
        Check.inRangeAbove("repetition_penalty", repetitionPenalty, 0, 10);
        Check.inRange("presence_penalty", presencePenalty, -2, 2);
        Check.inRange("frequency_penalty", frequencyPenalty, -2, 2);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((id, bias) -> {
            Check.tokenId("logit_bias", id);
            Check.inRange("logit_bias", "logit_bias of token " + id, bias, -100, 100);
        });
        allowedTokenIds = tokenIds("allowed_token_ids", allowedTokenIds);
        badWords = List.copyOf(badWords);
        Check.inRange("bad_words", "number of bad_words", badWords.size(), 0, MAX_BAD_WORDS);
        badWords.forEach(word -> Check.that("bad_words", !word.isBlank(), "words must not be empty"));
        badWordIds = copyOfSequences(badWordIds);
        maxTokens.ifPresent(max -> Check.inRange("max_tokens", max, 1, Integer.MAX_VALUE));
        Check.inRange("min_tokens", minTokens, 0, maxTokens.orElse(Integer.MAX_VALUE));
        stop = List.copyOf(stop);
        Check.inRange("stop", "number of stop strings", stop.size(), 0, MAX_STOP_STRINGS);
        stop.forEach(text -> Check.inRange("stop", "length of a stop string", text.length(), 1, MAX_STOP_CHARS));
        stopTokenIds = tokenIds("stop_token_ids", stopTokenIds);
        logprobs.ifPresent(count -> Check.inRange("logprobs", count, 0, MAX_LOGPROBS));
        promptLogprobs.ifPresent(count -> Check.inRange("prompt_logprobs", count, 0, MAX_LOGPROBS));
        Check.inRange("n", n, 1, MAX_N);
        Check.that(
                "best_of",
                bestOf == 0 || bestOf >= n && bestOf <= MAX_N,
                "must be from n = " + n + " to " + MAX_N + ", found " + bestOf);
    }

    private static Set<Integer> tokenIds(String field, Set<Integer> ids) {
        ids.forEach(id -> Check.tokenId(field, id));
        return Set.copyOf(ids);
    }

    private static List<List<Integer>> copyOfSequences(List<List<Integer>> sequences) {
        Check.inRange("number of bad_words", sequences.size(), 0, MAX_BAD_WORDS);
        List<List<Integer>> copy = new ArrayList<>();
        for (List<Integer> ids : sequences) {
            Check.that("bad_words", !ids.isEmpty(), "a word must have at least one token");
            ids.forEach(id -> Check.tokenId("bad_words", id));
            copy.add(List.copyOf(ids));
        }
        return List.copyOf(copy);
    }

    /** Draw from the model's distribution as it is: temperature 1, nothing cut off, no limit but the context. */
    public static SamplingParams defaults() {
        return builder().build();
    }

    /** Always the most likely token. */
    public static SamplingParams greedy() {
        return builder().temperature(0).build();
    }

    public boolean isGreedy() {
        return temperature == 0;
    }

    /** Answers to generate, whether kept or not. */
    public int numSequences() {
        return Math.max(n, bestOf);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder that starts from these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Collects values by name; {@link #build()} checks them. Belongs to one thread. */
    public static final class Builder {
        private double temperature = 1;
        private double topP = 1;
        private int topK;
        private double minP;
        private double repetitionPenalty = 1;
        private double presencePenalty;
        private double frequencyPenalty;
        private Map<Integer, Double> logitBias = Map.of();
        private Set<Integer> allowedTokenIds = Set.of();
        private List<String> badWords = List.of();
        private List<List<Integer>> badWordIds = List.of();
        private OptionalLong seed = OptionalLong.empty();
        private OptionalInt maxTokens = OptionalInt.empty();
        private int minTokens;
        private List<String> stop = List.of();
        private Set<Integer> stopTokenIds = Set.of();
        private boolean ignoreEos;
        private boolean includeStopString;
        private OptionalInt logprobs = OptionalInt.empty();
        private OptionalInt promptLogprobs = OptionalInt.empty();
        private Optional<RepetitionDetection> repetitionDetection = Optional.empty();
        private int n = 1;
        private int bestOf;

        private Builder() {}

        private Builder(SamplingParams from) {
            temperature = from.temperature;
            topP = from.topP;
            topK = from.topK;
            minP = from.minP;
            repetitionPenalty = from.repetitionPenalty;
            presencePenalty = from.presencePenalty;
            frequencyPenalty = from.frequencyPenalty;
            logitBias = from.logitBias;
            allowedTokenIds = from.allowedTokenIds;
            badWords = from.badWords;
            badWordIds = from.badWordIds;
            seed = from.seed;
            maxTokens = from.maxTokens;
            minTokens = from.minTokens;
            stop = from.stop;
            stopTokenIds = from.stopTokenIds;
            ignoreEos = from.ignoreEos;
            includeStopString = from.includeStopString;
            logprobs = from.logprobs;
            promptLogprobs = from.promptLogprobs;
            repetitionDetection = from.repetitionDetection;
            n = from.n;
            bestOf = from.bestOf;
        }

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder topP(double value) {
            topP = value;
            return this;
        }

        public Builder topK(int value) {
            topK = value;
            return this;
        }

        public Builder minP(double value) {
            minP = value;
            return this;
        }

        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder logitBias(Map<Integer, Double> value) {
            logitBias = value;
            return this;
        }

        /** Only these tokens may come. An empty collection is refused: nothing could. */
        public Builder allowedTokenIds(Collection<Integer> value) {
            Check.that("allowed_token_ids", !value.isEmpty(), "must not be empty, leave it out to allow all tokens");
            allowedTokenIds = Set.copyOf(value);
            return this;
        }

        public Builder badWords(List<String> value) {
            badWords = value;
            return this;
        }

        public Builder badWordIds(List<List<Integer>> value) {
            badWordIds = value;
            return this;
        }

        public Builder seed(long value) {
            seed = OptionalLong.of(value);
            return this;
        }

        public Builder maxTokens(int value) {
            maxTokens = OptionalInt.of(value);
            return this;
        }

        public Builder minTokens(int value) {
            minTokens = value;
            return this;
        }

        public Builder stop(List<String> value) {
            stop = value;
            return this;
        }

        public Builder stop(String... value) {
            return stop(List.of(value));
        }

        public Builder stopTokenIds(Collection<Integer> value) {
            stopTokenIds = Set.copyOf(value);
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public Builder includeStopString(boolean value) {
            includeStopString = value;
            return this;
        }

        public Builder logprobs(int value) {
            logprobs = OptionalInt.of(value);
            return this;
        }

        public Builder promptLogprobs(int value) {
            promptLogprobs = OptionalInt.of(value);
            return this;
        }

        public Builder repetitionDetection(RepetitionDetection value) {
            repetitionDetection = Optional.of(value);
            return this;
        }

        public Builder n(int value) {
            n = value;
            return this;
        }

        public Builder bestOf(int value) {
            bestOf = value;
            return this;
        }

        /** @throws InvalidRequestException naming the first value that is out of its range */
        public SamplingParams build() {
            return new SamplingParams(
                    temperature,
                    topP,
                    topK,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    logitBias,
                    allowedTokenIds,
                    badWords,
                    badWordIds,
                    seed,
                    maxTokens,
                    minTokens,
                    stop,
                    stopTokenIds,
                    ignoreEos,
                    includeStopString,
                    logprobs,
                    promptLogprobs,
                    repetitionDetection,
                    n,
                    bestOf);
        }
    }
}
