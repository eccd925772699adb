package tokamak.api;

/** Prompt and answer together are longer than the context. */
public final class ContextLengthException extends TokamakException {
    private final int promptTokens;
    private final int maxTokens;
    private final int contextLength;

    /**
     * @param promptTokens tokens in the prompt
     * @param maxTokens tokens the request wants to generate at most (1 if it did not say)
     * @param contextLength tokens the context holds
     */
    public ContextLengthException(int promptTokens, int maxTokens, int contextLength) {
        super(
                "the prompt has " + promptTokens + " tokens and up to " + maxTokens + " are to be generated, together "
                        + ((long) promptTokens + maxTokens) + ", but the context holds " + contextLength
                        + "; shorten the prompt, lower max_tokens or open the engine with a longer context",
                null);
        this.promptTokens = promptTokens;
        this.maxTokens = maxTokens;
        this.contextLength = contextLength;
    }

    public int promptTokens() {
        return promptTokens;
    }

    public int maxTokens() {
        return maxTokens;
    }

    public int contextLength() {
        return contextLength;
    }
}
