package tokamak.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.api.Guide;

/**
 * Writes the rules of a request as a guide in the words of a format: reasoning is free, text is free, and from the moment a
 * call begins it is one. What {@link OutputParser} reads, this writes, from the same data.
 */
final class GuideWriter {
    private static final int MAX_CALLS = 64;

    private final @Nullable ReasoningFormat reasoning;
    private final ToolFormat format;
    private final AnswerRules rules;

    GuideWriter(@Nullable ReasoningFormat reasoning, ToolFormat format, AnswerRules rules) {
        this.reasoning = reasoning;
        this.format = format;
        this.rules = rules;
    }

    /** Empty where nothing is asked. */
    Optional<Guide> guide(ChatFormat.Start start) {
        if (rules.asksForNothing()) {
            return Optional.empty();
        }
        if (rules.everywhere() && rules.content().isPresent()) {
            return rules.content();
        }
        boolean isHarmony = reasoning == Formats.HARMONY_CHANNELS || format == Formats.HARMONY;
        return Optional.of(isHarmony ? harmony() : reasoning == null ? answer() : afterReasoning(reasoning, start));
    }

    // ---- reasoning

    private Guide afterReasoning(ReasoningFormat format, ChatFormat.Start start) {
        // What is free begins with any line breaks; what is not may follow some.
        Guide rest = isFree() ? answer() : Guide.sequence(new Guide.Repeat(Guide.literal("\n"), 0, 2), answer());
        Guide inside = Guide.afterReasoning(format.close(), rules.thinkingBudget(), rest);
        return switch (start) {
            case ANSWER -> answer();
            case REASONING -> inside;
            case MARKED -> {
                Guide opened = Guide.sequence(Guide.literal(format.open()), inside);
                // With a budget the model must not reason where it isn't counted.
                yield rules.thinkingBudget().isPresent() ? opened : Guide.alternatives(opened, answer());
            }
        };
    }

    private boolean isFree() {
        return rules.content().isEmpty() && rules.use() != AnswerRules.Use.REQUIRED;
    }

    // ---- the answer itself

    private Guide answer() {
        return switch (rules.use()) {
            case REQUIRED -> calls();
            case NONE -> content();
            case AUTO -> {
                if (rules.content().isPresent() || hasFrame() || format.isWholeAnswer()) {
                    yield Guide.alternatives(calls(), content());
                }
                if (reasoning != null && rules.thinkingBudget().isPresent()) {
                    yield Guide.sequence(
                            text(),
                            new Guide.Repeat(Guide.sequence(section(), text()), 0, rules.parallel() ? MAX_CALLS : 1));
                }
                yield new Guide.Tagged(
                        List.of(new Guide.Tag(joined(format.opening()), sectionContent(), joined(format.closing()))),
                        List.of(trigger()),
                        false,
                        !rules.parallel(),
                        false);
            }
        };
    }

    private boolean hasFrame() {
        return reasoning != null && !reasoning.answerOpen().isEmpty();
    }

    /** Text that is no call, in the frame that some formats put around it. */
    private Guide content() {
        Guide content = rules.content().orElseGet(this::text);
        if (reasoning == null
                || reasoning.answerOpen().isEmpty() && reasoning.answerClose().isEmpty()) {
            return content;
        }
        return Guide.sequence(
                Guide.optional(Guide.literal(reasoning.answerOpen())),
                content,
                Guide.optional(Guide.literal(reasoning.answerClose())));
    }

    private Guide text() {
        List<String> without = new ArrayList<>();
        if (reasoning != null && rules.thinkingBudget().isPresent()) {
            // A model that was interrupted would close its reasoning a second time.
            without.add(reasoning.close());
        }
        if (!rules.tools().isEmpty() && !format.isWholeAnswer()) {
            without.add(trigger());
        }
        if (rules.tools().isEmpty() || !format.isWholeAnswer()) {
            return new Guide.FreeText(without);
        }
        // What begins like a call is one.
        return new Guide.Regex("(?:\\s*[^\\s" + (format.opening().isEmpty() ? "{" : "\\[") + "][\\s\\S]*)?");
    }

    private String trigger() {
        return joined(format.opening()).strip();
    }

    private static String joined(List<String> texts) {
        return String.join("", texts);
    }

    // ---- calls

    private Guide calls() {
        int max = rules.parallel() ? MAX_CALLS : 1;
        Guide sections = format.separator().isPresent()
                ? section()
                : Guide.separated(section(), Guide.literal(format.between()), 1, max);
        return format.optionalMarker().isEmpty()
                ? sections
                : Guide.sequence(Guide.optional(Guide.literal(format.optionalMarker())), sections);
    }

    private Guide section() {
        return Guide.sequence(
                Guide.literal(joined(format.opening())), sectionContent(), Guide.literal(joined(format.closing())));
    }

    private Guide sectionContent() {
        int max = rules.parallel() ? MAX_CALLS : 1;
        return format.separator()
                .map(separator -> Guide.separated(call(), Guide.literal(separator), 1, max))
                .orElseGet(this::call);
    }

    private Guide call() {
        List<Guide> calls = new ArrayList<>();
        for (Tool tool : rules.tools()) {
            List<Guide> parts = new ArrayList<>();
            format.call().forEach(part -> parts.add(ArgumentGuides.of(part, tool)));
            calls.add(new Guide.Sequence(parts));
        }
        return calls.size() == 1 ? calls.getFirst() : new Guide.Alternatives(calls);
    }

    // ---- harmony

    private Guide harmony() {
        List<Guide> before = new ArrayList<>();
        before.add(Guide.sequence(
                Guide.literal("<|channel|>analysis<|message|>"),
                new Guide.FreeUntil(List.of("<|end|>"), rules.thinkingBudget())));
        if (rules.use() == AnswerRules.Use.AUTO) {
            before.add(Guide.sequence(Guide.literal("<|channel|>commentary<|message|>"), Guide.until("<|end|>")));
        }
        Guide messages = new Guide.Repeat(
                Guide.sequence(new Guide.Alternatives(before), Guide.literal("<|start|>assistant")),
                0,
                Guide.UNBOUNDED);
        Guide last = Guide.sequence(
                Guide.literal("<|channel|>final<|message|>"), rules.content().orElse(Guide.anything()));
        return Guide.sequence(
                messages,
                switch (rules.use()) {
                    case NONE -> last;
                    case REQUIRED -> harmonyCall();
                    case AUTO -> Guide.alternatives(last, harmonyCall());
                });
    }

    private Guide harmonyCall() {
        List<Guide> calls = new ArrayList<>();
        for (Tool tool : rules.tools()) {
            calls.add(Guide.sequence(
                    Guide.alternatives(
                            Guide.literal("<|channel|>commentary to=functions." + tool.name()
                                    + " <|constrain|>json<|message|>"),
                            Guide.literal(" to=functions." + tool.name() + "<|channel|>commentary json<|message|>")),
                    ArgumentGuides.of(new Part.Arguments(), tool),
                    Guide.literal("<|call|>")));
        }
        return new Guide.Alternatives(calls);
    }
}
