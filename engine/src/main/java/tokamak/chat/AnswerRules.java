package tokamak.chat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tokamak.api.Guide;

/**
 * What a request asks of the form of its answer.
 *
 * @param tools the declared functions
 * @param use whether they are called
 * @param parallel whether an answer may have several calls
 * @param content what an answer that is no call must be; empty: any text
 * @param everywhere whether {@code content} holds from the beginning, so that there is no reasoning
 * @param thinkingBudget the most tokens of reasoning; empty: no limit
 */
public record AnswerRules(
        List<Tool> tools,
        Use use,
        boolean parallel,
        Optional<Guide> content,
        boolean everywhere,
        OptionalInt thinkingBudget) {
    /** Whether functions are called. */
    public enum Use {
        /** Never. */
        NONE,
        /** As the model likes. */
        AUTO,
        /** The answer is a call. */
        REQUIRED
    }

    /** Nothing is asked. */
    public static final AnswerRules FREE =
            new AnswerRules(List.of(), Use.NONE, true, Optional.empty(), false, OptionalInt.empty());

    public AnswerRules {
        tools = List.copyOf(tools);
        if (use != Use.NONE && tools.isEmpty()) {
            throw new IllegalArgumentException("calls without tools");
        }
    }

    boolean asksForNothing() {
        return tools.isEmpty() && content.isEmpty() && thinkingBudget.isEmpty();
    }
}
