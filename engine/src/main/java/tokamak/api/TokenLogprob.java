package tokamak.api;

/**
 * A token and how likely the model found it.
 *
 * @param tokenId the token
 * @param logprob natural logarithm of its probability under the model's unmodified logits
 * @param logit the unmodified logit
 */
public record TokenLogprob(int tokenId, double logprob, float logit) {}
