package tokamak.sample;

/** Changes the logits of one sequence before a token is chosen, and follows the tokens of its answer. */
sealed interface LogitsProcessor permits GuideMask, AllowedTokens, BadWords, MinTokens, LogitBias, Penalties {
    /** Changes {@code logits[0 .. numTokens)} in place; minus infinity forbids a token. */
    void apply(float[] logits);

    /** {@code tokenId} has been appended to the answer. */
    void accept(int tokenId);
}
