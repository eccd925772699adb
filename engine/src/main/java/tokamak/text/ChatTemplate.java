package tokamak.text;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.api.Message;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;
import tokamak.text.jinja.JinjaException;
import tokamak.text.jinja.Limits;
import tokamak.text.jinja.Template;

/**
 * Writes a chat as the one text a model was trained to continue, exactly as Hugging Face's {@code apply_chat_template}
 * does. A model may bring several templates; the one named {@code tool_use} is taken where tools are given. Immutable;
 * threads may share it.
 */
public final class ChatTemplate {
    private static final String DEFAULT = "default";
    private static final String TOOL_USE = "tool_use";

    private final String origin;
    private final Map<String, String> sources;
    private final Map<String, Template> templates = new LinkedHashMap<>();
    private final Map<String, String> specialTokens;

    /**
     * A chat and how to write it.
     *
     * @param tools function descriptions as JSON-like maps; empty: the chat has none
     * @param documents for templates that answer from documents; empty: none
     * @param addGenerationPrompt whether the text ends with the opening of the assistant's next message
     * @param variables further variables for the template ({@code chat_template_kwargs}), such as {@code enable_thinking};
     *     they win over special tokens
     */
    public record Chat(
            List<Message> messages,
            List<? extends Map<String, ?>> tools,
            List<? extends Map<String, ?>> documents,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        public Chat {
            messages = List.copyOf(messages);
        }

        /** The messages, and the opening of the answer. */
        public static Chat of(List<Message> messages) {
            return new Chat(messages, List.of(), List.of(), true, Map.of());
        }
    }

    /**
     * @param origin where the templates come from, for messages and logs
     * @param sources by name; one of them is {@code default}, or all that are needed are named in requests
     * @param specialTokens {@code bos_token} and so on
     */
    ChatTemplate(String origin, Map<String, String> sources, Map<String, String> specialTokens) {
        this.origin = origin;
        this.sources = Map.copyOf(sources);
        this.specialTokens = Map.copyOf(specialTokens);
        sources.forEach((name, source) -> templates.put(name, Template.parse(source, Limits.DEFAULT)));
    }

    /**
     * The template a model brings, or one of ours, with a warning, where it brings none.
     *
     * @throws ModelFormatException if the model's template is not valid
     */
    public static ChatTemplate of(Checkpoint checkpoint) throws ModelFormatException {
        return ChatTemplates.of(checkpoint);
    }

    /**
     * Another template than the model's.
     *
     * @param given a template's text, one of {@link #builtInNames}, or a file
     * @throws ModelFormatException if there is none, or it is not valid
     */
    public static ChatTemplate of(Checkpoint checkpoint, String given) throws ModelFormatException {
        return ChatTemplates.of(checkpoint, given);
    }

    /**
     * A template given by its text, with a model's special tokens.
     *
     * @throws JinjaException if it is not valid
     */
    public static ChatTemplate parse(String source, Map<String, String> specialTokens) {
        return new ChatTemplate("a given chat template", Map.of(DEFAULT, source), specialTokens);
    }

    /** One of ours: {@link #builtInNames}. */
    public static Optional<ChatTemplate> builtIn(String name, Map<String, String> specialTokens) {
        return BuiltInTemplates.source(name)
                .map(source -> new ChatTemplate(
                        "built-in chat template '" + name + "'", Map.of(DEFAULT, source), specialTokens));
    }

    public static List<String> builtInNames() {
        return BuiltInTemplates.NAMES;
    }

    /** Where it comes from: a file, a metadata key, or one of ours. */
    public String origin() {
        return origin;
    }

    /** The template's text: dialects of reasoning and tool calls are recognised in it. */
    public String source(boolean withTools) {
        return sources.getOrDefault(name(withTools), "");
    }

    public Map<String, String> specialTokens() {
        return specialTokens;
    }

    /** @see #render(Chat, Clock) */
    public String render(Chat chat) {
        return render(chat, Clock.systemDefaultZone());
    }

    /**
     * The prompt's text, special tokens written out.
     *
     * @param clock for templates that write today's date
     * @throws JinjaException if the template refuses the chat (its own words, kind RAISED) or fails
     */
    public String render(Chat chat, Clock clock) {
        Map<String, @Nullable Object> context = new LinkedHashMap<>(specialTokens);
        context.put("messages", chat.messages().stream().map(Message::fields).toList());
        context.put("tools", chat.tools().isEmpty() ? null : chat.tools());
        context.put("documents", chat.documents().isEmpty() ? null : chat.documents());
        context.put("add_generation_prompt", chat.addGenerationPrompt());
        context.putAll(chat.variables());
        Template template = templates.get(name(!chat.tools().isEmpty()));
        if (template == null) {
            throw new IllegalStateException(origin + " has templates " + templates.keySet() + " but none named '"
                    + DEFAULT + "': give one with --chat-template");
        }
        return template.render(context, clock);
    }

    /**
     * A chat's text, and where strangers stand in it.
     *
     * @param literalRanges start, end, start, end ... of the places where special tokens are ordinary text
     */
    public record Rendered(String text, int[] literalRanges) {}

    /**
     * The same text as {@link #render(Chat)}, and which special tokens in it do not come from the template: somebody who
     * types {@code <|im_end|>} means these characters.
     *
     * @throws JinjaException as there
     */
    public Rendered render(Chat chat, SpecialSpellings specials) {
        return new GuardedRendering(this, chat, specials, Clock.systemDefaultZone()).render();
    }

    private String name(boolean withTools) {
        if (withTools && sources.containsKey(TOOL_USE)) {
            return TOOL_USE;
        }
        return DEFAULT;
    }

    @Override
    public String toString() {
        return origin;
    }
}
