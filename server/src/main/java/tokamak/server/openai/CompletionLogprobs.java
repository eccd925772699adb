package tokamak.server.openai;

import tokamak.api.TokenLogprob;
import tokamak.api.TokenLogprobs;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Log-probabilities in the shape of completions: four arrays, one entry per token. Keeps the offset between chunks. */
final class CompletionLogprobs {
    private final TokenTexts texts;
    private final int numTop;
    private int offset;

    CompletionLogprobs(TokenTexts texts, int numTop) {
        this.texts = texts;
        this.numTop = numTop;
    }

    /** A fresh place for entries. */
    static ObjectNode start(ObjectNode choice) {
        ObjectNode logprobs = choice.putObject("logprobs");
        logprobs.putArray("tokens");
        logprobs.putArray("token_logprobs");
        logprobs.putArray("top_logprobs");
        logprobs.putArray("text_offset");
        return logprobs;
    }

    /** The first token of a prompt: nothing comes before it that could make it likely. */
    void addFirst(ObjectNode logprobs, int tokenId) {
        String text = texts.text(tokenId);
        array(logprobs, "tokens").add(text);
        array(logprobs, "token_logprobs").addNull();
        array(logprobs, "top_logprobs").addNull();
        array(logprobs, "text_offset").add(offset);
        offset += text.length();
    }

    void add(ObjectNode logprobs, TokenLogprobs token) {
        String text = texts.text(token.chosen().tokenId());
        array(logprobs, "tokens").add(text);
        array(logprobs, "token_logprobs").add(TokenTexts.finite(token.chosen().logprob()));
        ObjectNode top = array(logprobs, "top_logprobs").addObject();
        top.put(text, TokenTexts.finite(token.chosen().logprob()));
        for (TokenLogprob other :
                token.top().subList(0, Math.min(numTop, token.top().size()))) {
            top.put(texts.text(other.tokenId()), TokenTexts.finite(other.logprob()));
        }
        array(logprobs, "text_offset").add(offset);
        offset += text.length();
    }

    private static ArrayNode array(ObjectNode logprobs, String name) {
        return (ArrayNode) logprobs.get(name);
    }
}
