package tokamak.api;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What an answer must be, as data. A guide describes a set of texts; an answer that ends by itself is one of them, and until
 * then it is the beginning of one. Guides are put together from parts: formats of tool calls, reasoning before an answer and
 * a schema for what comes in between are all written with the records here.
 *
 * <p><b>Special tokens.</b> Where a {@link Literal}, an end or a trigger contains the spelling of a special token of the model
 * (such as {@code <|channel|>}), that token alone is meant. Everywhere else special tokens are never allowed, and text that
 * spells an end or a trigger letter by letter is not allowed where it would be taken for one. The model's end tokens are
 * allowed exactly where the text may end. Added tokens that are not special ({@code <tool_call>} in many models) are ordinary
 * text: one token or several make no difference.
 *
 * <p>Characters are Unicode code points; text is always well-formed UTF-8.
 */
public sealed interface Guide {
    /** No limit, for {@link Repeat#max}. */
    int UNBOUNDED = -1;

    /** Any JSON object. */
    record JsonObject() implements Guide {}

    /**
     * A JSON text that a schema finds valid, with little white space.
     *
     * @param schema JSON Schema, 2020-12 or draft 7
     * @param strict a keyword that is not supported is an error; otherwise it is ignored with a warning
     */
    record JsonSchema(String schema, boolean strict) implements Guide {
        public JsonSchema {
            notNull("schema", schema);
        }
    }

    /**
     * A value that a schema finds valid, as it stands between two tags: a string without quotation marks and escapes, anything
     * else as JSON. Without line breaks around it, which belong to the tags.
     *
     * @param notStrings kinds of values besides strings that a reader would take a text for: those of {@code null},
     *     {@code boolean}, {@code number}, {@code array}, {@code object} that the schema may allow
     * @param end does not occur in it
     */
    record TaggedValue(String schema, boolean strict, Set<String> notStrings, String end) implements Guide {
        public TaggedValue {
            notNull("schema", schema);
            notStrings = Set.copyOf(notStrings);
            notNull("end", end);
        }
    }

    /**
     * A value that a schema finds valid, as Gemma writes it: JSON with bare keys and a mark instead of quotation marks.
     *
     * @param mark around strings, in which it does not occur; nothing is escaped
     */
    record MarkedValue(String schema, boolean strict, String mark) implements Guide {
        public MarkedValue {
            notNull("schema", schema);
            Check.that("mark", !mark.isEmpty(), "a text must not be empty");
        }
    }

    /** A text that the whole of a regular expression matches (the regular part of ECMA-262, with its {@code u} flag). */
    record Regex(String pattern) implements Guide {
        public Regex {
            notNull("pattern", pattern);
        }
    }

    /** One of these texts. */
    record Choice(List<String> options) implements Guide {
        public Choice {
            options = List.copyOf(options);
            Check.that("choice", !options.isEmpty(), "there must be at least one option");
        }
    }

    /** A text of a context-free grammar in the notation of llama.cpp (GBNF, {@code root ::= ...}) or of Lark ({@code start: ...}). */
    record Grammar(String text) implements Guide {
        public Grammar {
            notNull("grammar", text);
        }
    }

    /** Exactly this text; "" is allowed. */
    record Literal(String text) implements Guide {
        public Literal {
            notNull("text", text);
        }
    }

    /** Any text, maybe none, in which none of these strings occurs. */
    record FreeText(List<String> without) implements Guide {
        public FreeText {
            without = texts("without", without);
        }
    }

    /**
     * Any text up to the first occurrence of one of the ends, and that end.
     *
     * @param ends at least one
     * @param maxTokens after so many tokens since this part began, only the shortest way to an end is allowed: a budget for
     *     reasoning. The end itself is not counted. Empty: no limit
     */
    record FreeUntil(List<String> ends, OptionalInt maxTokens) implements Guide {
        public FreeUntil {
            ends = texts("ends", ends);
            Check.that("guide", !ends.isEmpty(), "free text needs at least one end");
            Check.inRange("token budget of free text", maxTokens.orElse(0), 0, Integer.MAX_VALUE);
        }
    }

    /** One after the other, with nothing in between. */
    record Sequence(List<Guide> parts) implements Guide {
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /** One of them. */
    record Alternatives(List<Guide> parts) implements Guide {
        public Alternatives {
            parts = List.copyOf(parts);
            Check.that("guide", !parts.isEmpty(), "there must be at least one alternative");
        }
    }

    /**
     * A part again and again, with nothing in between.
     *
     * @param max at least {@code min}, or {@link #UNBOUNDED}
     */
    record Repeat(Guide part, int min, int max) implements Guide {
        public Repeat {
            Check.that(
                    "guide",
                    min >= 0 && (max == UNBOUNDED || max >= min),
                    "a repetition from " + min + " to " + max + " times is none");
        }
    }

    /**
     * Free text until a trigger appears; from there on a tag that begins with the trigger: its begin, its content, its end;
     * then free text again.
     *
     * @param tags at least one
     * @param triggers each the beginning of at least one tag's begin, and every begin starts with one of them
     * @param atLeastOne the text must have a tag
     * @param stopAfterFirst the text ends with its first tag
     * @param beginsWithTag no text before the first tag; with {@code atLeastOne} false, no text at all is allowed too
     */
    record Tagged(
            List<Tag> tags, List<String> triggers, boolean atLeastOne, boolean stopAfterFirst, boolean beginsWithTag)
            implements Guide {
        public Tagged {
            tags = List.copyOf(tags);
            triggers = texts("triggers", triggers);
            Check.that("guide", !tags.isEmpty() && !triggers.isEmpty(), "tagged text needs tags and triggers");
            for (Tag tag : tags) {
                Check.that(
                        "guide",
                        triggers.stream().anyMatch(tag.begin::startsWith),
                        "the tag \"" + tag.begin + "\" begins with none of the triggers " + triggers);
            }
            for (String trigger : triggers) {
                Check.that(
                        "guide",
                        tags.stream().anyMatch(tag -> tag.begin.startsWith(trigger)),
                        "no tag begins with the trigger \"" + trigger + "\"");
            }
        }
    }

    /** Part of {@link Tagged}; {@code end} may be "". */
    record Tag(String begin, Guide content, String end) {
        public Tag {
            notNull("begin", begin);
            notNull("end", end);
        }
    }

    // ---- shorthands

    static Guide sequence(Guide... parts) {
        return new Sequence(List.of(parts));
    }

    static Guide alternatives(Guide... parts) {
        return new Alternatives(List.of(parts));
    }

    static Guide literal(String text) {
        return new Literal(text);
    }

    static Guide optional(Guide part) {
        return new Repeat(part, 0, 1);
    }

    /** {@code item (separator item)*}, from {@code min} (at least 1) to {@code max} items. */
    static Guide separated(Guide item, Guide separator, int min, int max) {
        int maxMore = max == UNBOUNDED ? UNBOUNDED : max - 1;
        return sequence(item, new Repeat(sequence(separator, item), min - 1, maxMore));
    }

    /** Any text. */
    static Guide anything() {
        return new FreeText(List.of());
    }

    static Guide until(String... ends) {
        return new FreeUntil(List.of(ends), OptionalInt.empty());
    }

    /**
     * Reasoning, of which nothing is asked, up to its end marker; then {@code answer}. For prompts that leave the model inside
     * its reasoning; where the model opens it itself, put a {@link Literal} in front.
     *
     * @param maxTokens a budget, see {@link FreeUntil}
     */
    static Guide afterReasoning(String endMarker, OptionalInt maxTokens, Guide answer) {
        return sequence(new FreeUntil(List.of(endMarker), maxTokens), answer);
    }

    private static void notNull(String field, Object value) {
        Check.that(field, value != null, "must not be null");
    }

    private static List<String> texts(String field, List<String> texts) {
        List<String> copy = List.copyOf(texts);
        copy.forEach(text -> Check.that(field, !text.isEmpty(), "a text must not be empty"));
        return copy;
    }
}
