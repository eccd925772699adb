package tokamak.text;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * The content of a {@code tokenizer.json}. The vocabulary and the merges, a million values in large ones, are read as a
 * stream; everything else, which is small, as {@link Metadata}.
 */
final class TokenizerJsonFile {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_STRING_CHARS = 16 << 20;
    private static final int MAX_ENTRIES = 4_000_000;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNameLength(1 << 16)
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            // Every name of a vocabulary occurs once: remembering them would only cost.
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    final Vocab vocab = new Vocab();
    /** The vocabulary is a list of pieces with scores. */
    boolean scored;

    Metadata model;
    Metadata rest;

    private final String source;
    private final JsonParser parser;
    private final List<String> mergeLefts = new ArrayList<>();
    private @Nullable List<@Nullable String> mergeRights; // null where the left one holds both
    private int numValues;

    private TokenizerJsonFile(String source, JsonParser parser) {
        this.source = source;
        this.parser = parser;
        model = new Metadata(source + ": model", Map.of());
        rest = model;
    }

    static TokenizerJsonFile read(String source, InputStream in) throws IOException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), in)) {
            TokenizerJsonFile file = new TokenizerJsonFile(source, parser);
            file.expect(parser.nextToken(), JsonToken.START_OBJECT, "an object");
            file.readTop();
            return file;
        } catch (JacksonException malformed) {
            throw new ModelFormatException(
                    source + ": expected JSON, found at line "
                            + (malformed.getLocation() == null
                                    ? "?"
                                    : malformed.getLocation().getLineNr())
                            + ": " + malformed.getOriginalMessage() + ".",
                    malformed);
        }
    }

    private void readTop() throws ModelFormatException {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        boolean found = false;
        while (nextName()) {
            String name = parser.currentName();
            JsonToken first = parser.nextToken();
            if (name.equals("model") && first == JsonToken.START_OBJECT) {
                readModel();
                found = true;
            } else {
                values.put(name, value(first, name));
            }
        }
        rest = new Metadata(source, values);
        if (!found) {
            throw new ModelFormatException(source + ": expected an object \"model\", found "
                    + (values.containsKey("model") ? "something else" : "none") + ".");
        }
    }

    private boolean nextName() throws ModelFormatException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.END_OBJECT) {
            return false;
        }
        expect(token, JsonToken.PROPERTY_NAME, "a name or the end of an object");
        return true;
    }

    private void readModel() throws ModelFormatException {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        while (nextName()) {
            String name = parser.currentName();
            JsonToken first = parser.nextToken();
            if (name.equals("vocab") && first == JsonToken.START_OBJECT) {
                readVocabObject();
            } else if (name.equals("vocab") && first == JsonToken.START_ARRAY) {
                readVocabList();
            } else if (name.equals("merges") && first == JsonToken.START_ARRAY) {
                readMerges();
            } else {
                values.put(name, value(first, "model." + name));
            }
        }
        model = new Metadata(source + ": model", values);
    }

    private void readVocabObject() throws ModelFormatException {
        while (nextName()) {
            String piece = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_NUMBER_INT, "the id of a piece");
            countValue();
            vocab.add(piece, parser.getLongValue(), 0, source + ": model.vocab");
        }
    }

    private void readVocabList() throws ModelFormatException {
        scored = true;
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            expect(token, JsonToken.START_ARRAY, "a list [piece, score]");
            expect(parser.nextToken(), JsonToken.VALUE_STRING, "a piece");
            String piece = parser.getString();
            JsonToken score = parser.nextToken();
            if (score != JsonToken.VALUE_NUMBER_INT) {
                expect(score, JsonToken.VALUE_NUMBER_FLOAT, "a score");
            }
            countValue();
            vocab.add(piece, vocab.count(), parser.getDoubleValue(), source + ": model.vocab");
            expect(parser.nextToken(), JsonToken.END_ARRAY, "the end of a list [piece, score]");
        }
    }

    private void readMerges() throws ModelFormatException {
        List<@Nullable String> rights = new ArrayList<>();
        mergeRights = rights;
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            countValue();
            if (token == JsonToken.START_ARRAY) {
                expect(parser.nextToken(), JsonToken.VALUE_STRING, "the left piece of a merge");
                mergeLefts.add(parser.getString());
                expect(parser.nextToken(), JsonToken.VALUE_STRING, "the right piece of a merge");
                rights.add(parser.getString());
                expect(parser.nextToken(), JsonToken.END_ARRAY, "the end of a merge");
            } else {
                expect(token, JsonToken.VALUE_STRING, "a merge, two pieces");
                mergeLefts.add(parser.getString());
                rights.add(null);
            }
        }
    }

    /** -1 if there is no list of merges. */
    int mergeCount() {
        return mergeRights == null ? -1 : mergeLefts.size();
    }

    /** Each merge as its two pieces with a space between them, in order. */
    List<String> mergeLines() {
        List<@Nullable String> rights = mergeRights == null ? List.of() : mergeRights;
        List<String> lines = new ArrayList<>(rights.size());
        for (int i = 0; i < rights.size(); i++) {
            String right = rights.get(i);
            lines.add(right == null ? mergeLefts.get(i) : mergeLefts.get(i) + " " + right);
        }
        return lines;
    }

    void addMergesTo(Merges merges, int prefix) throws ModelFormatException {
        List<@Nullable String> rights = mergeRights == null ? List.of() : mergeRights;
        for (int i = 0; i < rights.size(); i++) {
            String right = rights.get(i);
            if (right == null) {
                merges.addLine(mergeLefts.get(i), prefix, i, source + ": model.merges");
            } else {
                merges.addPair(mergeLefts.get(i), right, prefix, i, source + ": model.merges");
            }
        }
    }

    private @Nullable Object value(@Nullable JsonToken token, String where) throws ModelFormatException {
        countValue();
        if (token == null) {
            throw new ModelFormatException(source + ": expected a value at " + where + ", found the end.");
        }
        return switch (token) {
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT ->
                parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? (Object) parser.getDoubleValue()
                        : (Object) parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
                    list.add(value(t, where));
                }
                yield list;
            }
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (nextName()) {
                    String name = parser.currentName();
                    map.put(name, value(parser.nextToken(), where + "." + name));
                }
                yield map;
            }
            default ->
                throw new ModelFormatException(source + ": expected a value at " + where + ", found " + token + ".");
        };
    }

    private void countValue() throws ModelFormatException {
        if (++numValues > MAX_ENTRIES) {
            throw new ModelFormatException(source + ": expected at most " + MAX_ENTRIES + " values, found more.");
        }
    }

    private void expect(@Nullable JsonToken token, JsonToken expected, String what) throws ModelFormatException {
        if (token != expected) {
            throw new ModelFormatException(source + ": expected " + what + " at line "
                    + parser.currentLocation().getLineNr() + ", found " + (token == null ? "the end" : token) + ".");
        }
    }
}
