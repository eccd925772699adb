package tokamak.server.openai;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tokamak.api.RepetitionDetection;
import tokamak.api.SamplingParams;
import tools.jackson.databind.JsonNode;

/** The fields that say how tokens are chosen: OpenAI's and those that vLLM adds, the same for completions and chats. */
final class SamplingFields {
    private SamplingFields() {}

    /** @param defaults for what the request leaves out */
    static SamplingParams.Builder read(Fields request, SamplingParams defaults) {
        SamplingParams.Builder params = defaults.toBuilder();
        request.number("temperature").ifPresent(params::temperature);
        request.number("top_p").ifPresent(params::topP);
        request.int32("top_k").ifPresent(params::topK);
        request.number("min_p").ifPresent(params::minP);
        request.number("repetition_penalty").ifPresent(params::repetitionPenalty);
        request.number("presence_penalty").ifPresent(params::presencePenalty);
        request.number("frequency_penalty").ifPresent(params::frequencyPenalty);
        request.integer("seed").ifPresent(params::seed);
        request.int32("min_tokens").ifPresent(params::minTokens);
        request.int32("n").ifPresent(params::n);
        request.int32("prompt_logprobs").ifPresent(params::promptLogprobs);
        stop(request).ifPresent(params::stop);
        request.integers("stop_token_ids").ifPresent(params::stopTokenIds);
        request.integers("allowed_token_ids").ifPresent(params::allowedTokenIds);
        request.strings("bad_words").ifPresent(params::badWords);
        request.fields("logit_bias").map(SamplingFields::logitBias).ifPresent(params::logitBias);
        request.fields("repetition_detection")
                .map(SamplingFields::repetitionDetection)
                .ifPresent(params::repetitionDetection);
        return params.ignoreEos(request.flag("ignore_eos", false))
                .includeStopString(request.flag("include_stop_str_in_output", false));
    }

    private static Optional<List<String>> stop(Fields request) {
        return request.get("stop").map(node -> {
            if (node.isString()) {
                return List.of(node.stringValue());
            }
            if (node.isArray()) {
                return request.strings("stop").orElseThrow();
            }
            throw request.wrong("stop", "a string or an array of strings", node);
        });
    }

    private static Map<Integer, Double> logitBias(Fields bias) {
        Map<Integer, Double> values = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : bias.object().properties()) {
            try {
                values.put(
                        Integer.valueOf(entry.getKey()),
                        bias.number(entry.getKey()).orElse(0));
            } catch (NumberFormatException e) {
                throw ApiException.invalid(
                        "logit_bias",
                        "logit_bias must map token ids to numbers, found the key '" + entry.getKey() + "'");
            }
        }
        return values;
    }

    private static RepetitionDetection repetitionDetection(Fields fields) {
        return new RepetitionDetection(
                fields.int32("max_pattern_size").orElse(20),
                fields.int32("min_count").orElse(4));
    }

    /** Refuses what would have to be ignored silently otherwise. */
    static void refuseUnsupported(Fields request) {
        if (request.has("prompt_embeds")) {
            throw ApiException.unsupported("prompt_embeds", "prompt_embeds is not supported");
        }
        if (request.flag("use_beam_search", false)) {
            throw ApiException.unsupported("use_beam_search", "beam search is not supported; leave it out and use n");
        }
        if (!request.flag("skip_special_tokens", true)) {
            throw ApiException.unsupported(
                    "skip_special_tokens",
                    "special tokens are always left out of the text; return_token_ids shows them as ids");
        }
        if (request.array("logits_processors").filter(list -> !list.isEmpty()).isPresent()) {
            throw ApiException.unsupported("logits_processors", "logits_processors is not supported");
        }
    }
}
