package tokamak.text;

import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tokamak.api.InvalidRequestException;
import tokamak.api.Message;
import tokamak.text.jinja.JinjaException;

/**
 * Finds which special tokens in a rendered chat were written by the chat's people and not by the template. The chat is
 * rendered a second time, with a character that occurs nowhere in place of each such token's first one. Where the two
 * texts differ in nothing but this, the places are known exactly, whatever the template does with its strings; where
 * they differ in more, the template gives the tokens a meaning, and less is replaced.
 */
final class GuardedRendering {
    private static final Set<String> STRANGERS = Set.of("user", "tool", "function");

    private final ChatTemplate template;
    private final ChatTemplate.Chat chat;
    private final SpecialSpellings specials;
    private final Clock clock;

    GuardedRendering(ChatTemplate template, ChatTemplate.Chat chat, SpecialSpellings specials, Clock clock) {
        this.template = template;
        this.chat = chat;
        this.specials = specials;
        this.clock = Clock.fixed(clock.instant(), clock.getZone());
    }

    ChatTemplate.Rendered render() {
        String text = template.render(chat, clock);
        char mask = absentCharacter(text);
        ChatTemplate.Chat all = masked(mask, false);
        if (all.equals(chat)) {
            return new ChatTemplate.Rendered(text, new int[0]);
        }
        int[] ranges = ranges(text, all, mask)
                .or(() -> ranges(text, masked(mask, true), mask))
                .orElse(new int[0]);
        return new ChatTemplate.Rendered(text, ranges);
    }

    /** One that no character of the text is: noncharacters, then those for private use. */
    private static char absentCharacter(String text) {
        BitSet present = new BitSet(Character.MAX_VALUE + 1);
        text.chars().forEach(present::set);
        return (char) IntStream.concat(IntStream.rangeClosed(0xFDD0, 0xFDEF), IntStream.rangeClosed(0xE000, 0xF8FF))
                .filter(c -> !present.get(c))
                .findFirst()
                .orElseThrow(() -> new InvalidRequestException(
                        "messages", "the chat uses every character that Unicode keeps for private use"));
    }

    @SuppressWarnings("unchecked")
    private ChatTemplate.Chat masked(char mask, boolean strangersOnly) {
        List<Message> messages = new ArrayList<>();
        for (Message message : chat.messages()) {
            if (strangersOnly && !STRANGERS.contains(message.role())) {
                messages.add(message);
                continue;
            }
            Map<String, @Nullable Object> fields =
                    (Map<String, @Nullable Object>) specials.maskAll(message.fields(), mask);
            messages.add(new Message(fields).with("role", message.role()));
        }
        List<Map<String, ?>> tools = new ArrayList<>();
        List<Map<String, ?>> documents = new ArrayList<>();
        chat.tools().forEach(tool -> tools.add(strangersOnly ? tool : (Map<String, ?>) specials.maskAll(tool, mask)));
        chat.documents().forEach(document -> documents.add((Map<String, ?>) specials.maskAll(document, mask)));
        return new ChatTemplate.Chat(messages, tools, documents, chat.addGenerationPrompt(), chat.variables());
    }

    /** Empty if the template has done something else than putting the strings into its text. */
    private Optional<int[]> ranges(String text, ChatTemplate.Chat masked, char mask) {
        String other;
        try {
            other = template.render(masked, clock);
        } catch (JinjaException e) {
            return Optional.empty();
        }
        if (other.length() != text.length()) {
            return Optional.empty();
        }
        IntStream.Builder ranges = IntStream.builder();
        for (int i = 0; i < other.length(); i++) {
            if (other.charAt(i) == mask) {
                ranges.add(i);
                ranges.add(i + 1);
            } else if (other.charAt(i) != text.charAt(i)) {
                return Optional.empty();
            }
        }
        return Optional.of(ranges.build().toArray());
    }
}
