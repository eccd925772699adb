package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tokamak.api.Guide;

/** Puts guides into rules. */
final class GuideRules {
    private final RuleBuilder rules;
    private final SpecialTokens specials;
    private final FreeTexts free;

    GuideRules(RuleBuilder rules, SpecialTokens specials) {
        this.rules = rules;
        this.specials = specials;
        this.free = new FreeTexts(rules.pool, specials);
    }

    /** A nonterminal for a whole guide. */
    int start(Guide guide) {
        int start = rules.newNonterminal();
        rules.add(start, compile(guide, 0));
        return start;
    }

    /** A symbol for the texts of a guide. */
    private int compile(Guide guide, int depth) {
        if (depth > Limits.MAX_NESTING) {
            throw new GrammarException("guides are nested too deeply, the limit is " + Limits.MAX_NESTING);
        }
        return switch (guide) {
            case Guide.JsonObject _ -> JsonSchemaRules.anyObject(rules);
            case Guide.JsonSchema schema -> JsonSchemaRules.compile(rules, bounded(schema.schema()), schema.strict());
            case Guide.TaggedValue value -> {
                bounded(value.schema());
                yield JsonSchemaRules.compile(rules, free, value);
            }
            case Guide.MarkedValue value -> {
                bounded(value.schema());
                yield JsonSchemaRules.compile(rules, free, value);
            }
            case Guide.Regex regex -> rules.lexeme(pattern(regex.pattern()));
            case Guide.Choice choice -> choice(choice.options());
            case Guide.Grammar grammar -> EbnfRules.compile(rules, specials, bounded(grammar.text()));
            case Guide.Literal literal -> rules.lexeme(free.literal(bounded(literal.text())));
            case Guide.FreeText text -> rules.lexeme(free.without(text.without()));
            case Guide.FreeUntil text -> until(text);
            case Guide.Sequence sequence -> sequence(sequence.parts(), depth);
            case Guide.Alternatives alternatives -> alternatives(alternatives.parts(), depth);
            case Guide.Repeat repeat -> rules.repeat(compile(repeat.part(), depth + 1), repeat.min(), repeat.max());
            case Guide.Tagged tagged -> tagged(tagged, depth);
        };
    }

    private static String bounded(String text) {
        return bounded(text, "guide", Limits.MAX_GUIDE_CHARS);
    }

    private static String bounded(String text, String what, int maxChars) {
        if (text.length() > maxChars) {
            throw new GrammarException(
                    "the " + what + " is too long: " + text.length() + " characters, the limit is " + maxChars);
        }
        return text;
    }

    private Regex pattern(String text) {
        return new PatternCompiler(new Utf8Alphabet(rules.pool))
                .whole(PatternParser.parse(bounded(text, "pattern", Limits.MAX_PATTERN_CHARS)));
    }

    private int choice(List<String> options) {
        options.forEach(GuideRules::bounded);
        return rules.lexeme(rules.pool.literals(options.stream()
                .map(option -> option.getBytes(StandardCharsets.UTF_8))
                .toList()));
    }

    private int until(Guide.FreeUntil text) {
        Regex regex = free.until(text.ends());
        return text.maxTokens().isEmpty()
                ? rules.lexeme(regex)
                : rules.lexemeWithBudget(regex, text.maxTokens().getAsInt());
    }

    private int sequence(List<Guide> parts, int depth) {
        int[] symbols = new int[parts.size()];
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = compile(parts.get(i), depth + 1);
        }
        int nonterminal = rules.newNonterminal();
        rules.add(nonterminal, symbols);
        return nonterminal;
    }

    private int alternatives(List<Guide> parts, int depth) {
        int nonterminal = rules.newNonterminal();
        for (Guide part : parts) {
            rules.add(nonterminal, compile(part, depth + 1));
        }
        return nonterminal;
    }

    // ---- tags

    private int tagged(Guide.Tagged tagged, int depth) {
        List<TagRule> tags = new ArrayList<>();
        for (Guide.Tag tag : tagged.tags()) {
            int end = rules.newNonterminal();
            rules.add(end, compile(tag.content(), depth + 1), rules.lexeme(free.literal(tag.end())));
            tags.add(new TagRule(tag.begin(), end));
        }
        int noTriggers = rules.lexeme(free.without(tagged.triggers()));
        int onlyTag = rules.newNonterminal();
        for (TagRule tag : tags) {
            rules.add(onlyTag, rules.lexeme(free.literal(tag.begin)), tag.rest);
        }
        int textAndTag = textAndTag(tagged.triggers(), tags);
        int first = tagged.beginsWithTag() ? onlyTag : textAndTag;
        int result = rules.newNonterminal();
        if (tagged.stopAfterFirst()) {
            rules.add(result, first);
        } else {
            int more = rules.newNonterminal();
            rules.add(more, noTriggers);
            rules.add(more, textAndTag, more);
            rules.add(result, first, more);
        }
        if (!tagged.atLeastOne()) {
            rules.add(result, tagged.beginsWithTag() ? rules.lexeme(rules.pool.empty) : noTriggers);
        }
        return result;
    }

    /** @param rest a nonterminal for what follows the tag's begin */
    private record TagRule(String begin, int rest) {}

    /** Free text up to a trigger, and the tag that begins with it. */
    private int textAndTag(List<String> triggers, List<TagRule> tags) {
        int result = rules.newNonterminal();
        for (TagRule tag : tags) {
            String trigger =
                    triggers.stream().filter(tag.begin::startsWith).findFirst().orElseThrow();
            String more = tag.begin.substring(trigger.length());
            if (!Arrays.equals(specials.encode(tag.begin), specials.encode(trigger, more))) {
                // The trigger ends inside a special token.
                trigger = tag.begin;
                more = "";
            }
            rules.add(result, rules.lexeme(free.until(triggers, trigger)), rules.lexeme(free.literal(more)), tag.rest);
        }
        return result;
    }
}
