package tokamak.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tokamak.api.TokenLogprobs;
import tokamak.grammar.Grammar;
import tokamak.grammar.Matcher;
import tokamak.sample.TokenSampling;

/**
 * One answer in the making: its tokens, how far they are computed, and the KV blocks that hold them. Made by any thread,
 * then handed to the engine thread, which alone reads and writes it.
 */
public final class Sequence {
    enum State {
        NEW,
        WAITING,
        RUNNING,
        DONE
    }

    private static final int MAX_FIRST_CAPACITY = 1024;

    final SequenceRequest request;
    final SequenceSink sink;
    final TokenSampling sampling;
    final int promptLength;
    private final int[] stopIds;

    State state = State.NEW;
    private int[] tokenIds; // [numTokens] and room for more
    private int numTokens;
    /** Tokens whose keys and values are in the cache. */
    int numComputed;
    /** Tokens at the end that the guide forced, so that they are computed together with the one before them. */
    int numForced;
    /** The most that {@link #numComputed} has been: what is computed again after a preemption is not charged again. */
    int numCharged;

    private int[] blocks = new int[8];
    private int numBlocks;
    /** Blocks that have been offered to the prefix cache or come from it. */
    int numRegistered;
    /** Brings blocks of it into memory: until it has, nothing of the sequence is computed. */
    @Nullable
    BlockLoad load;

    private long[] hashes; // [numHashes, WORDS], entry 0 is the chain's root
    private int numHashes;

    /** Where the final states of the prompt go; null for sequences that are to be continued instead. */
    final @Nullable StatePool states;

    final List<TokenLogprobs> promptLogprobs = new ArrayList<>(0);
    boolean admitted;
    boolean promptReported;
    int cachedTokens = -1;

    // The scheduler's notes.
    Tenant tenant = Tenant.NOBODY;
    long arrivalNumber;
    long arrivalNanos;
    PriorityClass priorityClass = PriorityClass.NONE;
    /** What its class's priority had become when it was started. */
    long startPriority;
    /** The step in which it was last served or passed over. */
    long stepNumber = -1;

    /** A sequence that is to be continued. @param blockSize tokens per KV block */
    public Sequence(SequenceRequest request, SequenceSink sink, int blockSize) {
        this(request, sink, blockSize, null);
    }

    /** A sequence whose prompt is to be pooled; it ends with its prompt. @param blockSize tokens per KV block */
    public static Sequence pooled(SequenceRequest request, SequenceSink sink, int blockSize, StatePool states) {
        return new Sequence(request, sink, blockSize, states);
    }

    private Sequence(SequenceRequest request, SequenceSink sink, int blockSize, @Nullable StatePool states) {
        this.request = request;
        this.sink = sink;
        this.states = states;
        this.promptLength = request.promptIds().length;
        this.tokenIds =
                Arrays.copyOf(request.promptIds(), promptLength + Math.min(request.maxTokens(), MAX_FIRST_CAPACITY));
        this.numTokens = promptLength;
        this.stopIds =
                request.stopIds().stream().mapToInt(Integer::intValue).sorted().toArray();
        Grammar grammar = request.grammar();
        this.sampling = new TokenSampling(
                request.params(),
                stopIds,
                request.seed(),
                tokenIds,
                promptLength,
                grammar == null ? null : matcher(grammar));
        // The prompt's hashes are worked out here so that the engine thread need not.
        BlockHasher hasher = new BlockHasher(blockSize);
        this.hashes = hasher.root(request.cacheSalt());
        this.hashes = Arrays.copyOf(hashes, (promptLength / blockSize + 2) * BlockHasher.WORDS);
        this.numHashes = 1;
        extendHashes(hasher, blockSize, promptLength / blockSize);
    }

    /** Where the request forbids tokens, the guide's text may have to be spelled in another way than the tokenizer's. */
    private Matcher matcher(Grammar grammar) {
        boolean forbids = !request.params().allowedTokenIds().isEmpty()
                || !request.params().badWordIds().isEmpty();
        return forbids ? grammar.matcher(stopIds) : grammar.spellingMatcher(stopIds);
    }

    int numTokens() {
        return numTokens;
    }

    int numOutputTokens() {
        return numTokens - promptLength;
    }

    /** Tokens to compute before the next one can be chosen; at least 1. */
    int numRemaining() {
        return numTokens - numComputed;
    }

    int maxTokens() {
        return promptLength + request.maxTokens();
    }

    int tokenId(int position) {
        return tokenIds[position];
    }

    void append(int tokenId) {
        if (numTokens == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, Math.min(2 * numTokens, maxTokens()));
        }
        tokenIds[numTokens++] = tokenId;
        sampling.accept(tokenId);
    }

    void copyTokens(int from, int count, int[] target, int targetIndex) {
        System.arraycopy(tokenIds, from, target, targetIndex, count);
    }

    boolean isStopId(int tokenId) {
        return Arrays.binarySearch(stopIds, tokenId) >= 0;
    }

    int numBlocks() {
        return numBlocks;
    }

    int block(int index) {
        return blocks[index];
    }

    void addBlock(int block) {
        if (numBlocks == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * numBlocks);
        }
        blocks[numBlocks++] = block;
    }

    /** Gives up the last block. */
    int removeBlock() {
        return blocks[--numBlocks];
    }

    void copyBlocks(int[] target, int targetIndex) {
        System.arraycopy(blocks, 0, target, targetIndex, numBlocks);
    }

    /** Makes sure that the first {@code count} full blocks have hashes. */
    void extendHashes(BlockHasher hasher, int blockSize, int count) {
        if (hashes.length < (count + 1) * BlockHasher.WORDS) {
            hashes = Arrays.copyOf(hashes, Math.max((count + 1) * BlockHasher.WORDS, 2 * hashes.length));
        }
        for (; numHashes <= count; numHashes++) {
            int parent = (numHashes - 1) * BlockHasher.WORDS;
            hasher.hash(hashes, parent, tokenIds, (numHashes - 1) * blockSize, hashes, parent + BlockHasher.WORDS);
        }
    }

    /** Full blocks whose hashes are known. */
    int numBlockHashes() {
        return numHashes - 1;
    }

    /** Every hash known; that of block {@code i} begins at {@link #hashIndex}. */
    long[] hashes() {
        return hashes;
    }

    int hashIndex(int block) {
        return (block + 1) * BlockHasher.WORDS;
    }

    boolean sharesHash(int block, Sequence other) {
        if (block >= numBlockHashes() || block >= other.numBlockHashes()) {
            return false;
        }
        int from = hashIndex(block);
        int to = from + BlockHasher.WORDS;
        return Arrays.equals(hashes, from, to, other.hashes, from, to);
    }

    /**
     * The token that can be appended without asking the model; {@link Matcher#NO_TOKEN} if there is none. If something is to be
     * said about it, or it may be forbidden because it ends the answer, the model is asked all the same.
     */
    int forcedToken() {
        if (request.params().logprobs().isPresent()) {
            return Matcher.NO_TOKEN;
        }
        int forced = sampling.forcedToken();
        return isStopId(forced) ? Matcher.NO_TOKEN : forced;
    }

    boolean wantsPromptLogprobs() {
        return request.promptTopLogprobs().isPresent();
    }

    /** Whether the logits after this position are needed: to choose a token, or to report the prompt's next one. */
    boolean needsLogits(int position) {
        return states == null && (position == numTokens - 1 || isPromptLogprobDue(position));
    }

    boolean needsState(int position) {
        return states != null && states.isDue(position);
    }

    /** Whether every token has to be computed, whatever is in the cache, because something is said about it. */
    boolean needsEveryToken() {
        return states == null
                ? wantsPromptLogprobs() && promptLogprobs.size() < promptLength - 1
                : states.needsEveryToken();
    }

    boolean isPromptLogprobDue(int position) {
        return wantsPromptLogprobs() && position < promptLength - 1 && position >= promptLogprobs.size();
    }

    /** Whether the answer's end is a pattern of at most {@code maxSize} tokens, {@code minCount} times. */
    boolean repeatsItself(int maxSize, int minCount) {
        for (int size = 1; size <= maxSize && (long) size * minCount <= numOutputTokens(); size++) {
            int from = numTokens - size * minCount;
            if (Arrays.equals(tokenIds, from, numTokens - size, tokenIds, from + size, numTokens)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "sequence " + arrivalNumber + " (" + state + ", " + numComputed + " of " + numTokens
                + " tokens computed, " + numBlocks + " blocks)";
    }
}
