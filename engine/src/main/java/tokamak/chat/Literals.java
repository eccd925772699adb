package tokamak.chat;

import java.util.Optional;

/** Values as Python or Gemma write them, put into JSON. */
final class Literals {
    private static final int MAX_DEPTH = 64;

    private final String text;
    private final String quote;
    private final StringBuilder out = new StringBuilder();
    private int at;

    private Literals(String text, String quote) {
        this.text = text;
        this.quote = quote;
    }

    /**
     * @param quote what stands around strings beside Python's quotation marks, "" for nothing else
     * @return empty if it is not such a value
     */
    static Optional<String> json(String text, String quote) {
        Literals literals = new Literals(text, quote);
        boolean valid = literals.value(0);
        literals.space();
        return valid && literals.at == text.length() ? Optional.of(literals.out.toString()) : Optional.empty();
    }

    private void space() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private boolean accept(char c) {
        space();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private boolean value(int depth) {
        space();
        if (at >= text.length() || depth > MAX_DEPTH) {
            return false;
        }
        if (!quote.isEmpty() && text.startsWith(quote, at)) {
            return delimited();
        }
        return switch (text.charAt(at)) {
            case '"', '\'' -> string();
            case '[', '(' -> items(text.charAt(at) == '[' ? ']' : ')', depth);
            case '{' -> object(depth);
            default -> word();
        };
    }

    private boolean delimited() {
        int begin = at + quote.length();
        int end = text.indexOf(quote, begin);
        if (end < 0) {
            return false;
        }
        out.append(JsonText.quoted(text.substring(begin, end)));
        at = end + quote.length();
        return true;
    }

    private boolean string() {
        char end = text.charAt(at++);
        StringBuilder value = new StringBuilder();
        while (at < text.length() && text.charAt(at) != end) {
            char c = text.charAt(at++);
            if (c == '\\' && at < text.length()) {
                if (!escape(value)) {
                    return false;
                }
            } else {
                value.append(c);
            }
        }
        out.append(JsonText.quoted(value));
        return accept(end);
    }

    private boolean escape(StringBuilder value) {
        char c = text.charAt(at++);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case '0' -> value.append('\0');
            case '\n' -> {}
            case 'x' -> {
                return hex(2, value);
            }
            case 'u' -> {
                return hex(4, value);
            }
            case 'U' -> {
                return hex(8, value);
            }
            case '\\', '\'', '"', '/' -> value.append(c);
            default -> value.append('\\').append(c);
        }
        return true;
    }

    private boolean hex(int digits, StringBuilder value) {
        if (at + digits > text.length()) {
            return false;
        }
        try {
            value.appendCodePoint(Integer.parseInt(text, at, at + digits, 16));
        } catch (IllegalArgumentException e) {
            return false;
        }
        at += digits;
        return true;
    }

    private boolean items(char end, int depth) {
        at++;
        out.append('[');
        String separator = "";
        while (!accept(end)) {
            out.append(separator);
            separator = ", ";
            if (!value(depth + 1)) {
                return false;
            }
            if (!accept(',')) {
                out.append(']');
                return accept(end);
            }
        }
        out.append(']');
        return true;
    }

    private boolean object(int depth) {
        at++;
        out.append('{');
        String separator = "";
        while (!accept('}')) {
            out.append(separator);
            separator = ", ";
            if (!key(depth) || !accept(':')) {
                return false;
            }
            out.append(": ");
            if (!value(depth + 1)) {
                return false;
            }
            if (!accept(',')) {
                out.append('}');
                return accept('}');
            }
        }
        out.append('}');
        return true;
    }

    private boolean key(int depth) {
        space();
        boolean quoted = at < text.length()
                && (text.charAt(at) == '"'
                        || text.charAt(at) == '\''
                        || !quote.isEmpty() && text.startsWith(quote, at));
        if (quoted) {
            return value(depth + 1);
        }
        int end = text.indexOf(':', at);
        if (quote.isEmpty() || end < 0) {
            return false;
        }
        out.append(JsonText.quoted(text.substring(at, end).strip()));
        at = end;
        return true;
    }

    private boolean word() {
        int begin = at;
        while (at < text.length() && ",:]})".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(begin, at).strip();
        String json = switch (word) {
            case "True", "true" -> "true";
            case "False", "false" -> "false";
            case "None", "null" -> "null";
            default -> word.startsWith("+") ? word.substring(1) : word;
        };
        if (JsonText.parse(json).filter(node -> !node.isString()).isPresent()) {
            out.append(json);
            return true;
        }
        // Gemma has no marks around the words of an enum in some versions; Python would mean a variable.
        if (quote.isEmpty() || word.isEmpty()) {
            return false;
        }
        out.append(JsonText.quoted(word));
        return true;
    }
}
