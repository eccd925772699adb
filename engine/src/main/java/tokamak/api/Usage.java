package tokamak.api;

/**
 * Tokens a request has cost.
 *
 * @param promptTokens the whole prompt
 * @param completionTokens generated, stop token included
 * @param cachedTokens of the prompt's tokens, those whose keys and values were found in the prefix cache
 */
public record Usage(int promptTokens, int completionTokens, int cachedTokens) {
    public Usage {
        if (promptTokens < 0 || completionTokens < 0 || cachedTokens < 0 || cachedTokens > promptTokens) {
            throw new IllegalArgumentException("usage of " + promptTokens + " prompt (" + cachedTokens + " cached) and "
                    + completionTokens + " completion tokens");
        }
    }

    public int totalTokens() {
        return promptTokens + completionTokens;
    }
}
