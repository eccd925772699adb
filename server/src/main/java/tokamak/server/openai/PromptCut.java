package tokamak.server.openai;

import java.util.Arrays;
import java.util.OptionalInt;

/** vLLM's {@code truncate_prompt_tokens}: only the last tokens of a prompt that is too long are used. */
record PromptCut(OptionalInt maxTokens) {
    private static final int AS_FITS = -1;

    /** @param room tokens that the context has for the prompt */
    static PromptCut read(Fields request, int room) {
        OptionalInt wanted = request.int32("truncate_prompt_tokens");
        if (wanted.isEmpty()) {
            return new PromptCut(wanted);
        }
        if (wanted.getAsInt() == AS_FITS) {
            return new PromptCut(OptionalInt.of(Math.max(1, room)));
        }
        if (wanted.getAsInt() < 1) {
            throw ApiException.invalid(
                    "truncate_prompt_tokens",
                    "truncate_prompt_tokens must be at least 1, or -1 for what fits, found " + wanted.getAsInt());
        }
        return new PromptCut(wanted);
    }

    int[] apply(int[] ids) {
        return maxTokens.isEmpty() || ids.length <= maxTokens.getAsInt()
                ? ids
                : Arrays.copyOfRange(ids, ids.length - maxTokens.getAsInt(), ids.length);
    }
}
