package tokamak.server.openai;

import java.util.ArrayList;
import java.util.List;
import tokamak.Engine;
import tokamak.api.InvalidRequestException;
import tokamak.api.Prompt;
import tools.jackson.databind.JsonNode;

/** Texts in a request: a string, strings, token ids, or lists of token ids. */
final class TextPrompts {
    private static final int MAX_PROMPTS = 2048;

    /** @param text as the client gave it, or what the ids say */
    record TextPrompt(int[] ids, String text) {}

    private final Fields request;
    private final String field;
    private final Engine engine;
    private final PromptCut cut;
    private final boolean addSpecials;

    private TextPrompts(Fields request, String field, Engine engine, PromptCut cut) {
        this.request = request;
        this.field = field;
        this.engine = engine;
        this.cut = cut;
        this.addSpecials = request.flag("add_special_tokens", true);
    }

    /** The texts of the field; at least one. */
    static List<TextPrompt> read(Fields request, String field, Engine engine, PromptCut cut) {
        return new TextPrompts(request, field, engine, cut).read();
    }

    private List<TextPrompt> read() {
        JsonNode value = request.required(field, "a string, strings, token ids or lists of token ids");
        if (value.isString()) {
            return List.of(text(value));
        }
        if (!value.isArray()) {
            throw request.wrong(field, "a string or an array", value);
        }
        List<JsonNode> items = List.copyOf(value.values());
        if (items.isEmpty()) {
            throw ApiException.invalid(field, field + " must not be empty");
        }
        if (items.getFirst().isNumber()) {
            return List.of(ids(items));
        }
        if (items.size() > MAX_PROMPTS) {
            throw ApiException.invalid(
                    field, field + " has " + items.size() + " items; a request may have " + MAX_PROMPTS);
        }
        List<TextPrompt> prompts = new ArrayList<>();
        for (JsonNode item : items) {
            if (item.isString()) {
                prompts.add(text(item));
            } else if (item.isArray()) {
                prompts.add(ids(List.copyOf(item.values())));
            } else {
                throw request.wrong(field, "an array of strings or of arrays of token ids", item);
            }
        }
        return prompts;
    }

    private TextPrompt text(JsonNode node) {
        String text = node.stringValue();
        int[] ids =
                addSpecials ? engine.codec().encodePrompt(text) : engine.codec().encode(text);
        if (ids.length == 0) {
            throw ApiException.invalid(field, field + " must not be empty: every text needs at least one token");
        }
        return new TextPrompt(cut.apply(ids), text);
    }

    private TextPrompt ids(List<JsonNode> nodes) {
        int[] ids = nodes.stream().mapToInt(node -> request.int32(field, node)).toArray();
        if (ids.length == 0) {
            throw ApiException.invalid(field, field + " must not be empty: every text needs at least one token");
        }
        int[] checked = cut.apply(known(ids));
        return new TextPrompt(checked, engine.codec().decodeSkippingSpecial(checked));
    }

    /** The ids, if there are such tokens. */
    private int[] known(int[] ids) {
        try {
            return engine.tokenize(new Prompt.Tokens(ids));
        } catch (InvalidRequestException e) {
            // The engine calls every text a prompt.
            throw ApiException.invalid(field, String.valueOf(e.getMessage()).replaceFirst("^prompt\\b", field));
        }
    }
}
