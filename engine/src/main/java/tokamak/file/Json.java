package tokamak.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Reads JSON from files nobody vouches for: one object, of limited size, depth and number of values, each name once.
 * Integers become Long, other numbers Double.
 */
final class Json {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_STRING_CHARS = 16 << 20;
    private static final int MAX_NAME_CHARS = 1 << 16;
    private static final long MAX_FILE_BYTES = 64L << 20;
    /** The largest vocabularies have about two million values with their merges. */
    private static final int MAX_VALUES = 4_000_000;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNameLength(MAX_NAME_CHARS)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            // Python's writer knows NaN and Infinity.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final String source;
    private final JsonParser parser;
    private int numValues;

    private Json(String source, JsonParser parser) {
        this.source = source;
        this.parser = parser;
    }

    /** Takes one member of an object. */
    @FunctionalInterface
    interface MemberConsumer {
        void accept(String name, @Nullable Object value) throws ModelFormatException;
    }

    /** The object a file holds. */
    static Metadata read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
            throw new ModelFormatException(
                    file + ": expected a JSON file of at most " + MAX_FILE_BYTES + " bytes, found " + size);
        }
        return new Metadata(file.toString(), parse(file.toString(), Files.readAllBytes(file)));
    }

    /** The object that some bytes hold. */
    static Map<String, @Nullable Object> parse(String source, byte[] utf8) throws ModelFormatException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        parse(source, utf8, object::put);
        return object;
    }

    /** Hands over the members of the object that some bytes hold one by one, so that they need not all stay in memory. */
    static void parse(String source, byte[] utf8, MemberConsumer consumer) throws ModelFormatException {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw new ModelFormatException(source + ": expected a JSON object, found "
                        + (first == null ? "nothing" : "a JSON value that is not one"));
            }
            Json json = new Json(source, parser);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                consumer.accept(name, json.readValue());
            }
            if (parser.nextToken() != null) {
                throw new ModelFormatException(
                        source + ": expected the end after the JSON object, found more at offset "
                                + parser.currentTokenLocation().getByteOffset());
            }
        } catch (JacksonException malformed) {
            throw new ModelFormatException(
                    source + ": not valid JSON, " + malformed.getOriginalMessage() + " at offset " + offset(malformed),
                    malformed);
        }
    }

    private static String offset(JacksonException malformed) {
        TokenStreamLocation location = malformed.getLocation();
        return location == null || location.getByteOffset() < 0 ? "unknown" : Long.toString(location.getByteOffset());
    }

    private Map<String, @Nullable Object> readObject() throws ModelFormatException {
        if (parser.nextToken() == JsonToken.END_OBJECT) {
            return Map.of(); // costs nothing, so that a file of millions of empty objects is harmless
        }
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        do {
            String name = parser.currentName();
            parser.nextToken();
            object.put(name, readValue());
        } while (parser.nextToken() == JsonToken.PROPERTY_NAME);
        return object;
    }

    private List<@Nullable Object> readList() throws ModelFormatException {
        if (parser.nextToken() == JsonToken.END_ARRAY) {
            return List.of();
        }
        List<@Nullable Object> list = new ArrayList<>();
        do {
            list.add(readValue());
        } while (parser.nextToken() != JsonToken.END_ARRAY);
        return list;
    }

    private @Nullable Object readValue() throws ModelFormatException {
        if (++numValues > MAX_VALUES) {
            throw new ModelFormatException(source + ": expected at most " + MAX_VALUES + " JSON values, found more");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject();
            case START_ARRAY -> readList();
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> readInteger();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
                throw new IllegalStateException("the JSON parser gave " + parser.currentToken() + " for a value");
        };
    }

    private Number readInteger() {
        return switch (parser.getNumberType()) {
            case INT, LONG -> parser.getLongValue();
            case BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL -> parser.getDoubleValue();
        };
    }
}
