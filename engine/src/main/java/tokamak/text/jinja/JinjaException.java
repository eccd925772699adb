package tokamak.text.jinja;

/** A template that cannot be parsed or rendered. The message says what went wrong, and the line where known. */
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Who is to blame. */
    public enum Kind {
        /** The template's text is not valid Jinja, or uses a part that is refused. */
        SYNTAX,
        /** The template itself called {@code raise_exception}: the message is the template's, unchanged. */
        RAISED,
        /** A limit was reached: steps, nesting, memory or output. */
        LIMIT,
        /** An operation that Python refuses as well; the message begins with Python's name of the error. */
        RUNTIME
    }

    private final Kind kind;
    private final int line;

    private JinjaException(Kind kind, String message, int line) {
        super(message);
        this.kind = kind;
        this.line = line;
    }

    public Kind kind() {
        return kind;
    }

    /** The line of the template, from 1, or 0 if unknown. */
    public int line() {
        return line;
    }

    static JinjaException syntax(String message, int line) {
        return new JinjaException(Kind.SYNTAX, "template syntax: " + message + " (line " + line + ")", line);
    }

    static JinjaException raised(String message) {
        return new JinjaException(Kind.RAISED, message, 0);
    }

    static JinjaException limit(String message) {
        return new JinjaException(Kind.LIMIT, "template limit: " + message, 0);
    }

    static JinjaException typeError(String message) {
        return runtime("TypeError", message);
    }

    static JinjaException valueError(String message) {
        return runtime("ValueError", message);
    }

    static JinjaException runtime(String error, String message) {
        return new JinjaException(Kind.RUNTIME, error + ": " + message, 0);
    }

    /** The same failure, with the line it happened on if it did not know one. */
    JinjaException at(int newLine) {
        if (line != 0 || newLine == 0) {
            return this;
        }
        String message = String.valueOf(getMessage());
        message = kind == Kind.RAISED ? message : message + " (line " + newLine + ")";
        JinjaException located = new JinjaException(kind, message, newLine);
        located.setStackTrace(getStackTrace());
        return located;
    }
}
