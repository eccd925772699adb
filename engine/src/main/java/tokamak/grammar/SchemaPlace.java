package tokamak.grammar;

import tools.jackson.databind.JsonNode;

/**
 * A schema within a document.
 *
 * @param path the JSON pointer, beginning with {@code #}
 * @param base what references in it are relative to
 */
record SchemaPlace(JsonNode node, String path, String base) {
    String path(String keyword) {
        return path + "/" + escape(keyword);
    }

    String path(String keyword, int index) {
        return path(keyword) + "/" + index;
    }

    String path(String keyword, String name) {
        return path(keyword) + "/" + escape(name);
    }

    static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    GrammarException invalid(String keyword, String why) {
        return new GrammarException("schema keyword \"" + keyword + "\" at " + path + " is not valid: " + why);
    }

    GrammarException unsupported(String keyword, String why) {
        return unsupported(path, keyword, why);
    }

    static GrammarException unsupported(String path, String keyword, String why) {
        return new GrammarException("schema keyword \"" + keyword + "\" at " + path + " is not supported: " + why);
    }
}
