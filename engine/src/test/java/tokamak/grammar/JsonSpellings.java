package tokamak.grammar;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** The same JSON value as common writers write it. */
final class JsonSpellings {
    private JsonSpellings() {}

    static List<String> of(JsonNode value) {
        return List.of(
                write(value, new Style(",", ":", "", JsonValues.Escapes.NEEDED), 0),
                write(value, new Style(", ", ": ", "", JsonValues.Escapes.LOWER_CASE_ASCII), 0),
                write(value, new Style(",", ": ", "  ", JsonValues.Escapes.NEEDED), 0),
                write(value, new Style(",", " : ", "\t", JsonValues.Escapes.UPPER_CASE_ASCII), 0));
    }

    private record Style(String comma, String colon, String indentation, JsonValues.Escapes escapes) {
        String newLine(int depth) {
            return indentation.isEmpty() ? "" : "\n" + indentation.repeat(depth);
        }
    }

    private static String write(JsonNode value, Style style, int depth) {
        if (value.isString()) {
            return JsonValues.quoted(value.stringValue(), style.escapes);
        }
        if (!value.isContainer()) {
            return value.toString();
        }
        StringBuilder out = new StringBuilder(value.isArray() ? "[" : "{");
        int i = 0;
        List<String> names = value.isArray() ? List.of() : List.copyOf(value.propertyNames());
        for (JsonNode element : value) {
            out.append(i > 0 ? style.comma : "").append(style.newLine(depth + 1));
            if (value.isObject()) {
                out.append(JsonValues.quoted(names.get(i), style.escapes)).append(style.colon);
            }
            out.append(write(element, style, depth + 1));
            i++;
        }
        return out.append(i > 0 ? style.newLine(depth) : "")
                .append(value.isArray() ? "]" : "}")
                .toString();
    }
}
