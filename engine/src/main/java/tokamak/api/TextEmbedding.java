package tokamak.api;

/**
 * What one text means.
 *
 * @param vector owned by the reader, not copied
 * @param promptTokens tokens of the text
 * @param cachedTokens of these, those that were computed before
 */
public record TextEmbedding(float[] vector, int promptTokens, int cachedTokens) {}
