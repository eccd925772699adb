package tokamak.chat;

/** Finds where a value of Python or Gemma ends: brackets outside of strings count. */
final class BracketScanner {
    private final String quote;
    private int depth;
    private int at;
    private char inString;
    private boolean inQuote;

    BracketScanner(String quote) {
        this.quote = quote;
    }

    /**
     * Looks on in an input from which nothing is taken meanwhile.
     *
     * @param ends end a value outside of all brackets
     * @return where the first of them is, or -1 if there is none yet
     */
    int scan(Input in, String ends) {
        while (at < in.length()) {
            char c = in.charAt(at);
            if (!quote.isEmpty() && inString == 0 && quote.charAt(0) == c) {
                int matched = quoteAt(in);
                if (matched < 0) {
                    return -1;
                }
                if (matched > 0) {
                    inQuote = !inQuote;
                    at += matched;
                    continue;
                }
            }
            if (!inQuote) {
                if (c == '\\' && inString != 0) {
                    if (at + 1 >= in.length()) {
                        return -1;
                    }
                    at += 2;
                    continue;
                }
                if (inString != 0 || quote.isEmpty() && (c == '"' || c == '\'')) {
                    inString = inString == 0 ? c : c == inString ? 0 : inString;
                } else if (depth == 0 && ends.indexOf(c) >= 0) {
                    return at;
                } else if ("([{".indexOf(c) >= 0) {
                    depth++;
                } else if (")]}".indexOf(c) >= 0) {
                    depth--;
                }
            }
            at++;
        }
        return -1;
    }

    /** How long the mark here is: 0 if there is none, -1 if more text is needed to know. */
    private int quoteAt(Input in) {
        for (int i = 0; i < quote.length(); i++) {
            if (at + i >= in.length()) {
                return in.hasEnded() ? 0 : -1;
            }
            if (in.charAt(at + i) != quote.charAt(i)) {
                return 0;
            }
        }
        return quote.length();
    }
}
