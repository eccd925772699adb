package tokamak;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import tokamak.api.ContextLengthException;
import tokamak.api.InvalidRequestException;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.text.ChatTemplate;
import tokamak.text.Detokenizer;
import tokamak.text.SpecialSpellings;
import tokamak.text.Tokenizer;
import tokamak.text.jinja.JinjaException;

/** Checks a request against the model and puts it into token ids. Immutable; works on the callers' threads. */
final class RequestPreparer {
    private final LoadedModel loaded;
    private final Tokenizer tokenizer;
    private final int numTokens;
    private final int contextLength;
    private final SpecialSpellings specials;

    RequestPreparer(LoadedModel loaded, int contextLength) {
        this.loaded = loaded;
        this.tokenizer = loaded.tokenizer();
        this.numTokens = loaded.numTokens();
        this.contextLength = contextLength;
        this.specials = SpecialSpellings.of(tokenizer.vocabulary());
    }

    int[] promptIds(Prompt prompt) {
        int[] ids = switch (prompt) {
            case Prompt.Text text -> tokenizer.encodePrompt(text.text());
            case Prompt.Tokens tokens -> tokens.ids();
            case Prompt.Chat chat -> encode(renderChat(chat));
        };
        if (ids.length == 0) {
            throw new InvalidRequestException("prompt", "the prompt is empty: it must have at least one token");
        }
        for (int id : ids) {
            requireKnown("prompt", id);
        }
        return ids;
    }

    int[] encode(RenderedChat chat) {
        return tokenizer.encode(chat.text(), chat.literalRanges());
    }

    /** The text of a chat as the model sees it, special tokens written out. */
    String render(Prompt.Chat chat) {
        return renderChat(chat).text();
    }

    RenderedChat renderChat(Prompt.Chat chat) {
        ChatTemplate template = loaded.chatTemplate()
                .orElseThrow(() -> new InvalidRequestException(
                        "messages", "the model has no usable chat template; give the prompt as text"));
        try {
            ChatTemplate.Rendered rendered = template.render(
                    new ChatTemplate.Chat(
                            chat.messages(),
                            chat.tools(),
                            chat.documents(),
                            chat.addGenerationPrompt(),
                            chat.templateVariables()),
                    specials);
            return new RenderedChat(rendered.text(), rendered.literalRanges());
        } catch (JinjaException e) {
            throw new InvalidRequestException("messages", "the chat template refuses this chat: " + e.getMessage());
        }
    }

    /** For an answer in whose text these special tokens appear, alone or as parts of longer markers. */
    Detokenizer detokenizer(Set<String> shownSpecials) {
        return tokenizer.continuation(shownSpecials.isEmpty() ? Set.of() : specials.idsIn(shownSpecials));
    }

    /** The parameters with every token id known and bad words in ids. */
    SamplingParams resolve(SamplingParams params) {
        requireKnown("logit_bias", params.logitBias().keySet());
        requireKnown("allowed_token_ids", params.allowedTokenIds());
        requireKnown("stop_token_ids", params.stopTokenIds());
        params.badWordIds().forEach(word -> requireKnown("bad_words", word));
        if (params.badWords().isEmpty()) {
            return params;
        }
        Set<List<Integer>> words = new HashSet<>(params.badWordIds());
        for (String word : params.badWords()) {
            // A word has other tokens at the start of a text than after a space.
            words.add(boxed(tokenizer.encode(word.strip())));
            words.add(boxed(tokenizer.encode(" " + word.strip())));
        }
        words.remove(List.<Integer>of());
        return params.toBuilder()
                .badWordIds(new ArrayList<>(words))
                .badWords(List.of())
                .build();
    }

    private static List<Integer> boxed(int[] ids) {
        return IntStream.of(ids).boxed().toList();
    }

    private void requireKnown(String field, Collection<Integer> ids) {
        ids.forEach(id -> requireKnown(field, id));
    }

    private void requireKnown(String field, int id) {
        if (id < 0 || id >= numTokens) {
            throw new InvalidRequestException(
                    field, field + ": there is no token " + id + ", the model's ids are 0 to " + (numTokens - 1));
        }
    }

    /** How many tokens may be generated after this prompt. */
    int maxTokens(int promptLength, SamplingParams params) {
        int wanted = params.maxTokens().orElse(1);
        if ((long) promptLength + wanted > contextLength) {
            throw new ContextLengthException(promptLength, wanted, contextLength);
        }
        return params.maxTokens().orElse(contextLength - promptLength);
    }

    /** Every token id that ends an answer. */
    Set<Integer> stopIds(SamplingParams params) {
        Set<Integer> ids = new HashSet<>(params.stopTokenIds());
        if (!params.ignoreEos()) {
            loaded.eosIds().stream().filter(id -> id < numTokens).forEach(ids::add);
        }
        return ids;
    }
}
