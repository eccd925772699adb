package tokamak.chat;

/** Finds the end of one JSON value in a text that comes in pieces; does not judge what is in it. */
final class JsonScanner {
    private int depth;
    private boolean inString;
    private boolean escaped;
    private boolean isScalar;
    private boolean started;

    /**
     * Looks at the next piece, which begins where the last one ended.
     *
     * @return how many of its characters belong to the value, or -1 if all do and it goes on
     */
    int scan(Input in) {
        for (int i = 0; i < in.length(); i++) {
            char c = in.charAt(i);
            if (!started) {
                started = true;
                isScalar = c != '{' && c != '[' && c != '"';
            }
            if (isScalar) {
                if (c == ',' || c == '}' || c == ']' || Character.isWhitespace(c)) {
                    return i;
                }
            } else if (step(c)) {
                return i + 1;
            }
        }
        return in.hasEnded() && isScalar ? in.length() : -1;
    }

    /** @return whether the value is complete with this character */
    private boolean step(char c) {
        if (inString) {
            if (escaped) {
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else if (c == '"') {
                inString = false;
                return depth == 0;
            }
            return false;
        }
        switch (c) {
            case '"' -> inString = true;
            case '{', '[' -> depth++;
            case '}', ']' -> {
                return --depth <= 0;
            }
            default -> {}
        }
        return false;
    }
}
