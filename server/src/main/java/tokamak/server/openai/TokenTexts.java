package tokamak.server.openai;

import java.nio.charset.StandardCharsets;
import tokamak.TextCodec;
import tokamak.api.TokenLogprob;
import tokamak.api.TokenLogprobs;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Single tokens and their log-probabilities as JSON.
 *
 * @param asIds write {@code token_id:7} instead of a token's text, which may be the same for different tokens
 */
record TokenTexts(TextCodec codec, boolean asIds) {
    /** JSON has no infinity; this is what vLLM writes for tokens that can't come. */
    private static final double LOWEST = -9999;

    String text(int tokenId) {
        if (asIds) {
            return "token_id:" + tokenId;
        }
        byte[] bytes = codec.bytes(tokenId);
        return Json.clean(bytes.length == 0 ? codec.piece(tokenId) : new String(bytes, StandardCharsets.UTF_8));
    }

    static double finite(double logprob) {
        return Double.isNaN(logprob) ? LOWEST : Math.max(logprob, LOWEST);
    }

    // ---- chats

    /** @param numTop how many of the best tokens to show */
    void addChatEntry(ArrayNode content, TokenLogprobs logprobs, int numTop) {
        ObjectNode entry = content.addObject();
        putChatToken(entry, logprobs.chosen());
        ArrayNode top = entry.putArray("top_logprobs");
        logprobs.top().stream().limit(numTop).forEach(token -> putChatToken(top.addObject(), token));
    }

    private void putChatToken(ObjectNode entry, TokenLogprob token) {
        entry.put("token", text(token.tokenId())).put("logprob", finite(token.logprob()));
        byte[] bytes = codec.bytes(token.tokenId());
        if (bytes.length == 0) {
            bytes = codec.piece(token.tokenId()).getBytes(StandardCharsets.UTF_8);
        }
        ArrayNode array = entry.putArray("bytes");
        for (byte b : bytes) {
            array.add(b & 0xFF);
        }
    }

    // ---- prompts, as vLLM shows them

    /** {@code [null, {"id": {"logprob", "rank", "decoded_token"}, ...}, ...]}. */
    void putPrompt(ObjectNode target, Iterable<TokenLogprobs> logprobs) {
        ArrayNode array = target.putArray("prompt_logprobs");
        array.addNull();
        for (TokenLogprobs position : logprobs) {
            ObjectNode tokens = array.addObject();
            int rank = 1;
            for (TokenLogprob top : position.top()) {
                putRanked(tokens, top, rank++);
            }
            putRanked(tokens, position.chosen(), position.rank());
        }
    }

    private void putRanked(ObjectNode tokens, TokenLogprob token, int rank) {
        tokens.putObject(Integer.toString(token.tokenId()))
                .put("logprob", finite(token.logprob()))
                .put("rank", rank)
                .put("decoded_token", text(token.tokenId()));
    }
}
