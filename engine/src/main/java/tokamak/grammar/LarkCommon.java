package tokamak.grammar;

import java.util.Map;

/** The terminals that Lark's grammars import from {@code common}, as expressions. */
final class LarkCommon {
    private static final String INT = "[0-9]+";
    private static final String DECIMAL = "(?:[0-9]+\\.[0-9]*|\\.[0-9]+)";
    private static final String FLOAT = "(?:[0-9]+[eE][+-]?[0-9]+|" + DECIMAL + "(?:[eE][+-]?[0-9]+)?)";
    private static final String NUMBER = "(?:" + FLOAT + "|" + INT + ")";

    static final Map<String, String> PATTERNS = Map.ofEntries(
            Map.entry("DIGIT", "[0-9]"),
            Map.entry("HEXDIGIT", "[0-9a-fA-F]"),
            Map.entry("INT", INT),
            Map.entry("SIGNED_INT", "[+-]?" + INT),
            Map.entry("DECIMAL", DECIMAL),
            Map.entry("FLOAT", FLOAT),
            Map.entry("SIGNED_FLOAT", "[+-]?" + FLOAT),
            Map.entry("NUMBER", NUMBER),
            Map.entry("SIGNED_NUMBER", "[+-]?" + NUMBER),
            Map.entry("ESCAPED_STRING", "\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\""),
            Map.entry("LCASE_LETTER", "[a-z]"),
            Map.entry("UCASE_LETTER", "[A-Z]"),
            Map.entry("LETTER", "[a-zA-Z]"),
            Map.entry("WORD", "[a-zA-Z]+"),
            Map.entry("CNAME", "[a-zA-Z_][a-zA-Z0-9_]*"),
            Map.entry("WS_INLINE", "[ \\t]+"),
            Map.entry("WS", "[ \\t\\f\\r\\n]+"),
            Map.entry("CR", "\\r"),
            Map.entry("LF", "\\n"),
            Map.entry("NEWLINE", "(?:\\r?\\n)+"),
            Map.entry("SH_COMMENT", "#[^\\n]*"),
            Map.entry("CPP_COMMENT", "//[^\\n]*"),
            Map.entry("SQL_COMMENT", "--[^\\n]*"),
            Map.entry("C_COMMENT", "/\\*(?:[^*]|\\*+[^*/])*\\*+/"));

    private LarkCommon() {}
}
