package tokamak.server.openai;

import java.util.concurrent.atomic.AtomicInteger;
import tokamak.api.TokenEvent;
import tools.jackson.databind.node.ObjectNode;

/** Adds up what the prompts and answers of one request cost. Threads may share it. */
final class UsageSum {
    /** Completions have no reasoning that could be told apart. */
    private static final int UNKNOWN = -1;

    private final AtomicInteger promptTokens = new AtomicInteger();
    private final AtomicInteger completionTokens = new AtomicInteger();
    private final AtomicInteger cachedTokens = new AtomicInteger();
    private final AtomicInteger reasoningTokens = new AtomicInteger(UNKNOWN);

    void addPrompt(int tokens) {
        promptTokens.addAndGet(tokens);
    }

    void addCached(int tokens) {
        cachedTokens.addAndGet(tokens);
    }

    void addCompletion(int tokens) {
        completionTokens.addAndGet(tokens);
    }

    /** How many of the completion tokens are reasoning. */
    void setReasoning(int tokens) {
        reasoningTokens.set(tokens);
    }

    /** What an event of a stream adds. Later answers to a prompt find the blocks of the first, so only that one's count. */
    void add(TokenEvent event) {
        switch (event) {
            case TokenEvent.PromptDone prompt -> addCached(prompt.index() == 0 ? prompt.cachedTokens() : 0);
            case TokenEvent.Delta delta -> addCompletion(delta.tokenIds().size());
            case TokenEvent.Finished _ -> {}
        }
    }

    void put(ObjectNode answer) {
        int prompt = promptTokens.get();
        int completion = completionTokens.get();
        ObjectNode usage = answer.putObject("usage")
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
        usage.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens.get());
        if (reasoningTokens.get() != UNKNOWN) {
            usage.putObject("completion_tokens_details").put("reasoning_tokens", reasoningTokens.get());
        }
    }
}
