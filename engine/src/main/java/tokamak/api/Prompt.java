package tokamak.api;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the answer follows. */
public sealed interface Prompt {
    /** Plain text; the model's beginning-of-text and similar tokens are put around it. */
    record Text(String text) implements Prompt {}

    /**
     * A chat, written out by the model's chat template.
     *
     * @param messages at least one
     * @param tools function descriptions as JSON-like maps; empty: there are none
     * @param documents for templates that answer from documents; empty: there are none
     * @param addGenerationPrompt whether the opening of the assistant's message is part of the prompt
     * @param templateVariables further variables for the template, such as {@code enable_thinking}
     */
    record Chat(
            List<Message> messages,
            List<? extends Map<String, ?>> tools,
            List<? extends Map<String, ?>> documents,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> templateVariables)
            implements Prompt {
        public Chat {
            messages = List.copyOf(messages);
            Check.that("messages", !messages.isEmpty(), "there must be at least one");
        }

        /** These messages and the opening of the answer. */
        public static Chat of(List<Message> messages) {
            return new Chat(messages, List.of(), List.of(), true, Map.of());
        }

        public static Chat of(Message... messages) {
            return of(List.of(messages));
        }
    }

    /** Token ids, taken as they are. */
    record Tokens(int[] ids) implements Prompt {
        public Tokens {
            ids = ids.clone();
        }

        @Override
        public int[] ids() {
            return ids.clone();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ids);
        }

        @Override
        public String toString() {
            return "Tokens" + Arrays.toString(ids);
        }
    }
}
