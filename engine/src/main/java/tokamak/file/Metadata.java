package tokamak.file;

import java.util.Map;
import java.util.Set;

/**
 * Typed, checked look-up in key-value pairs: a GGUF header or a JSON object. A value that is missing or of another type
 * is an error that names the source, the key, what was expected and what was found.
 */
public final class Metadata {
    // Contract for the room's builder (values: Long, Double, Boolean, String, List<?>, Map<String, ?>, primitive arrays
    // and String[] for GGUF arrays). JSON null counts as absent.
    private final String source;
    private final Map<String, Object> values;

    public Metadata(String source, Map<String, Object> values) {
        this.source = source;
        this.values = values;
    }

    public String source() {
        return source;
    }

    public Set<String> keys() {
        return values.keySet();
    }

    public boolean has(String key) {
        return values.get(key) != null;
    }
    // string(key), string(key, fallback), integer(key) -> long, integer(key, fallback), number(key) -> double,
    // number(key, fallback), flag(key), flag(key, fallback), strings(key) -> List<String>, integers(key) -> long[],
    // numbers(key) -> double[] (an element or a list: per-layer values), object(key) -> Optional<Metadata>
}
