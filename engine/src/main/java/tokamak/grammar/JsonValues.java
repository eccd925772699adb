package tokamak.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Values in schemas: reading them without loss, when two are equal, and how they are written. */
final class JsonValues {
    /** Deeper than any reader of JSON goes by default. */
    private static final int MAX_DEPTH = 500;

    /** Digits before or after the point that are written out. */
    static final int MAX_DIGITS = 400;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(2 * MAX_DIGITS)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    private JsonValues() {}

    /** @throws GrammarException if it is not JSON */
    static JsonNode parse(String text) {
        if (text.length() > Limits.MAX_GUIDE_CHARS) {
            throw new GrammarException("the schema has " + text.length() + " characters, the limit is "
                    + Limits.MAX_GUIDE_CHARS + "; split it, or shorten its descriptions");
        }
        try {
            JsonNode node = MAPPER.readTree(text);
            if (node.isMissingNode()) {
                throw new GrammarException("the schema is empty; an object like {\"type\": \"object\"} is expected");
            }
            return node;
        } catch (tools.jackson.core.JacksonException e) {
            throw new GrammarException("the schema is not valid JSON: " + e.getOriginalMessage());
        }
    }

    static boolean isInteger(JsonNode number) {
        return number.isIntegralNumber() || isInteger(number.decimalValue());
    }

    static boolean isInteger(BigDecimal number) {
        return number.scale() <= 0 || number.stripTrailingZeros().scale() <= 0;
    }

    /** The same text for equal values, and only for them: numbers by value, objects in any order. */
    static String key(JsonNode value) {
        StringBuilder out = new StringBuilder();
        appendKey(value, out);
        return out.toString();
    }

    private static void appendKey(JsonNode value, StringBuilder out) {
        if (value.isNumber()) {
            BigDecimal number = value.decimalValue().stripTrailingZeros();
            out.append(number.unscaledValue()).append('e').append(-(long) number.scale());
        } else if (value.isString()) {
            out.append(quoted(value.stringValue(), Escapes.NEEDED));
        } else if (value.isArray()) {
            out.append('[');
            for (JsonNode element : value) {
                appendKey(element, out);
                out.append(',');
            }
            out.append(']');
        } else if (value.isObject()) {
            TreeMap<String, JsonNode> sorted = new TreeMap<>();
            value.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            out.append('{');
            sorted.forEach((name, element) -> {
                out.append(quoted(name, Escapes.NEEDED)).append(':');
                appendKey(element, out);
                out.append(',');
            });
            out.append('}');
        } else {
            out.append(value);
        }
    }

    enum Escapes {
        /** What JSON demands. */
        NEEDED,
        /** Everything beyond ASCII, as many writers do by default. */
        LOWER_CASE_ASCII,
        UPPER_CASE_ASCII
    }

    /** A string as it is written, with its quotes. */
    static String quoted(String text, Escapes escapes) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int shortEscape = JsonAlphabet.SHORT_ESCAPED.indexOf(c);
            if (shortEscape >= 0) {
                out.append('\\').append(JsonAlphabet.SHORT_ESCAPES.charAt(shortEscape));
            } else if (c < 0x20 || c > 0x7f && escapes != Escapes.NEEDED) {
                String hex = String.format(Locale.ROOT, "%04x", (int) c);
                out.append("\\u").append(escapes == Escapes.UPPER_CASE_ASCII ? hex.toUpperCase(Locale.ROOT) : hex);
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    /** The spellings of a string that writers use. */
    static List<String> spellings(String text) {
        String plain = quoted(text, Escapes.NEEDED);
        String lower = quoted(text, Escapes.LOWER_CASE_ASCII);
        if (lower.equals(plain) && lower.indexOf("\\u") < 0) {
            return List.of(plain);
        }
        return List.of(plain, lower, quoted(text, Escapes.UPPER_CASE_ASCII));
    }

    /** The spellings of a number that writers use: 5 is also 5.0; powers of ten only for what is very large or small. */
    static List<String> spellings(BigDecimal number) {
        BigDecimal value = number.stripTrailingZeros();
        int exponent = value.precision() - value.scale() - 1;
        List<String> result = new ArrayList<>();
        if (Math.abs((long) exponent) <= MAX_DIGITS && value.scale() <= MAX_DIGITS) {
            String plain = value.signum() == 0 ? "0" : value.toPlainString();
            result.add(plain);
            if (plain.indexOf('.') < 0) {
                result.add(plain + ".0");
            }
        }
        if (exponent > 6 || exponent < -3) {
            String digits = value.unscaledValue().abs().toString();
            String sign = value.signum() < 0 ? "-" : "";
            String mantissa = sign + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "");
            String power = (exponent < 0 ? "-" : "") + Math.abs(exponent);
            for (String e : List.of("e", "E")) {
                result.add(mantissa + e + power);
                if (exponent > 0) {
                    result.add(mantissa + e + "+" + power);
                } else if (exponent > -10) {
                    result.add(mantissa + e + "-0" + -exponent);
                }
                if (digits.length() == 1) {
                    result.add(mantissa + ".0" + e + power);
                }
            }
        }
        return result;
    }
}
