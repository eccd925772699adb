package tokamak.chat;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tokamak.api.Guide;
import tokamak.api.InvalidRequestException;

/**
 * How a model writes its answers: its reasoning and its tool calls. Recognised in the chat template that teaches it, or
 * chosen by name. Immutable; threads may share it.
 */
public final class ChatFormat {
    /** Chooses by the template. */
    public static final String AUTO = "auto";

    /** Nothing is told apart. */
    public static final String NONE = "none";

    /** What an answer begins with. */
    public enum Start {
        /** The prompt has opened the reasoning. */
        REASONING,
        /** The prompt has closed the reasoning. */
        ANSWER,
        /** The answer says so itself. */
        MARKED
    }

    private final @Nullable ReasoningFormat reasoning;
    private final ToolFormat tools;
    private final String template;

    private ChatFormat(@Nullable ReasoningFormat reasoning, ToolFormat tools, String template) {
        this.reasoning = reasoning;
        this.tools = tools;
        this.template = template;
    }

    /**
     * The format that a template shows.
     *
     * @param template the text of the chat template for chats with tools
     */
    public static ChatFormat of(String template) {
        return new ChatFormat(
                Formats.reasoningIn(template).orElse(null),
                Formats.toolsIn(template).orElse(Formats.HERMES),
                template);
    }

    /** Neither reasoning nor, until a name is given, any but the usual tool calls. */
    public static ChatFormat plain() {
        return new ChatFormat(null, Formats.HERMES, "");
    }

    /**
     * The same with reasoning as one of vLLM's parsers reads it.
     *
     * @throws InvalidRequestException if there is none of this name
     */
    public ChatFormat withReasoningParser(String name) {
        return switch (name) {
            case AUTO -> this;
            case NONE -> new ChatFormat(null, tools, template);
            default ->
                new ChatFormat(
                        Formats.reasoning(name)
                                .orElseThrow(() -> unknown("reasoning parser", name, reasoningParsers())),
                        tools,
                        template);
        };
    }

    /**
     * The same with tool calls as one of vLLM's parsers reads them.
     *
     * @throws InvalidRequestException if there is none of this name
     */
    public ChatFormat withToolParser(String name) {
        return name.equals(AUTO)
                ? this
                : new ChatFormat(
                        reasoning,
                        Formats.tools(name).orElseThrow(() -> unknown("tool call parser", name, toolParsers())),
                        template);
    }

    private static InvalidRequestException unknown(String what, String name, List<String> known) {
        String nearest =
                nearest(name, known).map(near -> "; the nearest is " + near).orElse("");
        return new InvalidRequestException(
                what, "there is no " + what + " '" + name + "'" + nearest + "; there are " + String.join(", ", known));
    }

    /** The known name that begins most like this one, if one does at all. */
    private static Optional<String> nearest(String name, List<String> known) {
        return known.stream()
                .filter(each -> sharedPrefix(each, name) >= 3)
                .max(Comparator.comparingInt(each -> sharedPrefix(each, name)));
    }

    private static int sharedPrefix(String one, String other) {
        int shared = 0;
        while (shared < Math.min(one.length(), other.length()) && one.charAt(shared) == other.charAt(shared)) {
            shared++;
        }
        return shared;
    }

    public static List<String> reasoningParsers() {
        return Formats.REASONING.stream()
                .flatMap(format -> format.names().stream())
                .sorted()
                .toList();
    }

    public static List<String> toolParsers() {
        return Formats.TOOLS.stream()
                .flatMap(format -> format.names().stream())
                .sorted()
                .toList();
    }

    /** What the reasoning is called, or {@value #NONE}. */
    public String reasoningName() {
        return reasoning == null ? NONE : reasoning.name();
    }

    public String toolsName() {
        return tools.name();
    }

    /**
     * The texts that have a meaning in answers. Where they are special tokens, they must be written out for the parser.
     *
     * @param withTools whether tools are declared
     */
    public Set<String> markers(boolean withTools) {
        Set<String> markers = new LinkedHashSet<>();
        if (reasoning == Formats.HARMONY_CHANNELS || withTools && tools == Formats.HARMONY) {
            markers.addAll(HarmonyReader.MARKERS);
        }
        if (reasoning != null) {
            Stream.of(reasoning.open(), reasoning.close(), reasoning.answerOpen(), reasoning.answerClose())
                    .forEach(markers::add);
        }
        if (withTools) {
            markers.addAll(tools.texts());
        }
        markers.remove("");
        return markers;
    }

    /**
     * What to tell the model about its tools, for templates that do not; empty if they do, or nothing is known of how.
     *
     * @param declared function descriptions as JSON-like maps
     */
    public Optional<String> instructions(List<? extends Map<String, ?>> declared) {
        return template.contains("tools") || tools != Formats.HERMES
                ? Optional.empty()
                : Optional.of(ToolInstructions.text(declared));
    }

    /** Whether the template tells messages with calls by their having no content at all. */
    public boolean wantsNoContentWithCalls() {
        return template.contains("['content'] is none");
    }

    /** What an answer to this prompt begins with. */
    public Start start(String prompt) {
        if (reasoning == null) {
            return Start.ANSWER;
        }
        String end = prompt.stripTrailing();
        if (!reasoning.open().isEmpty() && end.endsWith(reasoning.open().strip())) {
            return Start.REASONING;
        }
        if (end.endsWith(reasoning.close().strip())) {
            return Start.ANSWER;
        }
        return reasoning.start() == ReasoningFormat.Start.REASONING ? Start.REASONING : Start.MARKED;
    }

    /**
     * A parser for one answer.
     *
     * @param start what the answer begins with
     * @param tools the declared functions; empty: calls are not looked for
     */
    public OutputParser parser(Start start, List<Tool> tools) {
        return OutputParser.of(reasoning, this.tools, start, tools);
    }

    /**
     * What an answer has to be; empty where nothing is asked.
     *
     * @param start what the answer begins with
     */
    public Optional<Guide> guide(Start start, AnswerRules rules) {
        return new GuideWriter(reasoning, tools, rules).guide(start);
    }

    ToolFormat toolFormat() {
        return tools;
    }

    @Override
    public String toString() {
        return "reasoning " + reasoningName() + ", tools " + toolsName();
    }
}
