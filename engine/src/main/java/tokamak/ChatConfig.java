package tokamak;

import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.chat.ChatFormat;

/**
 * How chats are written for a model, and how its answers are read.
 *
 * @param template a template's text, the name of a built-in one, or a file; null for what the model brings
 * @param toolParser one of {@link ChatFormat#toolParsers}, or {@link ChatFormat#AUTO}: what the template shows
 * @param reasoningParser one of {@link ChatFormat#reasoningParsers}, {@link ChatFormat#AUTO} or {@link ChatFormat#NONE}
 */
public record ChatConfig(@Nullable String template, String toolParser, String reasoningParser) {
    /** All as the model's files say. */
    public static final ChatConfig AUTO = new ChatConfig(null, ChatFormat.AUTO, ChatFormat.AUTO);

    /** @throws InvalidRequestException if there is no such parser */
    public ChatConfig {
        ChatFormat.plain().withToolParser(toolParser).withReasoningParser(reasoningParser);
    }
}
