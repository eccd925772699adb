package tokamak.server.openai;

import java.util.List;
import java.util.OptionalInt;

/**
 * What a request asks of the model's reasoning.
 *
 * @param budget the most tokens of it; empty: no limit
 * @param shown whether it is part of the answer
 */
record ReasoningFields(OptionalInt budget, boolean shown) {
    private static final List<String> BUDGETS =
            List.of("thinking_token_budget", "thinking_budget", "max_thinking_tokens");

    static ReasoningFields read(Fields request) {
        OptionalInt budget = OptionalInt.empty();
        for (String name : BUDGETS) {
            if (budget.isEmpty()) {
                budget = request.int32(name);
            }
        }
        // -1 is no limit in some servers.
        if (budget.isPresent() && budget.getAsInt() < 0) {
            if (budget.getAsInt() < -1) {
                throw ApiException.invalid(
                        "thinking_token_budget",
                        "the thinking budget must be at least 0, or -1 for no limit, found " + budget.getAsInt());
            }
            budget = OptionalInt.empty();
        }
        return new ReasoningFields(budget, request.flag("include_reasoning", true));
    }
}
