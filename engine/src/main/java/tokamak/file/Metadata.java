package tokamak.file;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Typed, checked look-up in key-value pairs: a GGUF header or a JSON object. A value that is missing or of another type
 * is an error that names the source, the key, what was expected and what was found. JSON {@code null} counts as missing.
 *
 * <p>A getter with a fallback returns it only where the key is missing; a value of the wrong type stays an error.
 * Getters of several values accept a single one too, for keys that hold either (per-layer settings, end-token ids).
 */
public final class Metadata {
    private static final int SHOWN_CHARS = 80;
    private static final int SHOWN_ELEMENTS = 8;
    private static final double EXACT_INTEGERS = 0x1p53;

    private final String source;
    private final Map<String, ?> values;

    /**
     * @param source where the pairs come from; messages begin with it
     * @param values Boolean, String, Number, {@code List<?>}, {@code Map<String, ?>}, {@code String[]} or primitive arrays
     */
    public Metadata(String source, Map<String, ?> values) {
        this.source = source;
        this.values = values;
    }

    /**
     * A JSON object that lies in a tensor or elsewhere inside a file.
     *
     * @throws ModelFormatException if it is not one JSON object of sensible size and depth
     */
    public static Metadata ofJson(String source, byte[] utf8) throws ModelFormatException {
        return new Metadata(source, Json.parse(source, utf8));
    }

    /** The file, and for a nested object the path of keys to it. */
    public String source() {
        return source;
    }

    /** The pairs themselves, for objects that go on to somebody else as they are. */
    Map<String, ?> values() {
        return Collections.unmodifiableMap(values);
    }

    /** All keys, in file order. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /** Whether the key is there with a value other than {@code null}. */
    public boolean has(String key) {
        return values.get(key) != null;
    }

    public String string(String key) throws ModelFormatException {
        return toString(key, required(key, "a string"));
    }

    public String string(String key, String fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toString(key, value);
    }

    public long integer(String key) throws ModelFormatException {
        return toLong(key, required(key, "an integer"));
    }

    public long integer(String key, long fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toLong(key, value);
    }

    public double number(String key) throws ModelFormatException {
        return toDouble(key, required(key, "a number"));
    }

    public double number(String key, double fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toDouble(key, value);
    }

    public boolean flag(String key) throws ModelFormatException {
        return toBoolean(key, required(key, "true or false"));
    }

    public boolean flag(String key, boolean fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toBoolean(key, value);
    }

    /** One string or a list of them. Unmodifiable; not copied where the source already holds an array. */
    public List<String> strings(String key) throws ModelFormatException {
        return toStrings(key, required(key, "a list of strings"));
    }

    public List<String> strings(String key, List<String> fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toStrings(key, value);
    }

    /** One integer or a list of them. */
    public long[] integers(String key) throws ModelFormatException {
        return toLongs(key, required(key, "a list of integers"));
    }

    public long[] integers(String key, long... fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toLongs(key, value);
    }

    /** One number or a list of them. */
    public double[] numbers(String key) throws ModelFormatException {
        return toDoubles(key, required(key, "a list of numbers"));
    }

    public double[] numbers(String key, double... fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toDoubles(key, value);
    }

    /** One flag or a list of them. */
    public boolean[] flags(String key) throws ModelFormatException {
        return toBooleans(key, required(key, "a list of flags"));
    }

    public boolean[] flags(String key, boolean... fallback) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? fallback : toBooleans(key, value);
    }

    /** A nested object; empty where the key is missing. */
    public Optional<Metadata> object(String key) throws ModelFormatException {
        Object value = values.get(key);
        return value == null ? Optional.empty() : Optional.of(toObject(key, value));
    }

    /** A list of objects; empty where the key is missing. */
    public List<Metadata> objects(String key) throws ModelFormatException {
        Object value = values.get(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            throw wrong(key, "a list of objects", value);
        }
        List<Metadata> objects = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            objects.add(toObject(key + "[" + i + "]", list.get(i)));
        }
        return Collections.unmodifiableList(objects);
    }

    /** The value as it was read, for readers that branch on its type. Arrays in it are shared: do not write to them. */
    public Optional<Object> value(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** The value as one short line for people, long lists and texts cut; {@code "-"} where the key is missing. */
    public String describe(String key) {
        Object value = values.get(key);
        return value == null ? "-" : shown(value);
    }

    @Override
    public String toString() {
        return source + " (" + values.size() + " keys)";
    }

    private Object required(String key, String expected) throws ModelFormatException {
        Object value = values.get(key);
        if (value != null) {
            return value;
        }
        String nearest = Similar.nearest(key, values.keySet())
                .map(name -> "; the most similar key there is '" + name + "'")
                .orElse("");
        throw new ModelFormatException(source + ": key '" + key + "' is missing, expected " + expected + nearest);
    }

    private String toString(String key, @Nullable Object value) throws ModelFormatException {
        if (value instanceof String string) {
            return string;
        }
        throw wrong(key, "a string", value);
    }

    private boolean toBoolean(String key, @Nullable Object value) throws ModelFormatException {
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrong(key, "true or false", value);
    }

    private double toDouble(String key, @Nullable Object value) throws ModelFormatException {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(key, "a number", value);
    }

    private long toLong(String key, @Nullable Object value) throws ModelFormatException {
        if (value instanceof Number number) {
            if (!(number instanceof Double || number instanceof Float)) {
                return number.longValue();
            }
            double real = number.doubleValue();
            // Writers in dynamic languages store 4096.0 for 4096.
            if (real == Math.rint(real) && Math.abs(real) <= EXACT_INTEGERS) {
                return (long) real;
            }
        }
        throw wrong(key, "an integer", value);
    }

    @SuppressWarnings("unchecked") // only string keys are ever put into a nested map
    private Metadata toObject(String key, @Nullable Object value) throws ModelFormatException {
        if (value instanceof Map<?, ?> map) {
            return new Metadata(source + ", " + key, (Map<String, ?>) map);
        }
        throw wrong(key, "an object", value);
    }

    private List<String> toStrings(String key, Object value) throws ModelFormatException {
        if (value instanceof String[] strings) {
            return Collections.unmodifiableList(Arrays.asList(strings));
        }
        if (value instanceof String string) {
            return List.of(string);
        }
        String[] strings = new String[length(key, "a list of strings", value)];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = toString(key + "[" + i + "]", element(value, i));
        }
        return Collections.unmodifiableList(Arrays.asList(strings));
    }

    private long[] toLongs(String key, Object value) throws ModelFormatException {
        if (value instanceof long[] longs) {
            return longs.clone();
        }
        if (value instanceof int[] ints) {
            return Arrays.stream(ints).asLongStream().toArray();
        }
        if (value instanceof Number) {
            return new long[] {toLong(key, value)};
        }
        long[] longs = new long[length(key, "a list of integers", value)];
        for (int i = 0; i < longs.length; i++) {
            longs[i] = toLong(key + "[" + i + "]", element(value, i));
        }
        return longs;
    }

    private double[] toDoubles(String key, Object value) throws ModelFormatException {
        if (value instanceof double[] doubles) {
            return doubles.clone();
        }
        if (value instanceof Number number) {
            return new double[] {number.doubleValue()};
        }
        double[] doubles = new double[length(key, "a list of numbers", value)];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = toDouble(key + "[" + i + "]", element(value, i));
        }
        return doubles;
    }

    private boolean[] toBooleans(String key, Object value) throws ModelFormatException {
        if (value instanceof boolean[] flags) {
            return flags.clone();
        }
        if (value instanceof Boolean flag) {
            return new boolean[] {flag};
        }
        boolean[] flags = new boolean[length(key, "a list of flags", value)];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = toBoolean(key + "[" + i + "]", element(value, i));
        }
        return flags;
    }

    private int length(String key, String expected, Object value) throws ModelFormatException {
        if (value instanceof List<?> list) {
            return list.size();
        }
        if (value.getClass().isArray()) {
            return Array.getLength(value);
        }
        throw wrong(key, expected, value);
    }

    private static @Nullable Object element(Object listOrArray, int index) {
        return listOrArray instanceof List<?> list ? list.get(index) : Array.get(listOrArray, index);
    }

    private ModelFormatException wrong(String key, String expected, @Nullable Object found) {
        return new ModelFormatException(
                source + ": key '" + key + "': expected " + expected + ", found " + shown(found));
    }

    private static String shown(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof String string) {
            return string.length() <= SHOWN_CHARS
                    ? "'" + string + "'"
                    : "'" + string.substring(0, SHOWN_CHARS) + "...' (" + string.length() + " characters)";
        }
        if (value instanceof Map<?, ?> map) {
            return "an object of " + map.size() + " keys";
        }
        boolean isList = value instanceof List<?>;
        if (!isList && !value.getClass().isArray()) {
            return value.toString();
        }
        int length = isList ? ((List<?>) value).size() : Array.getLength(value);
        StringJoiner text =
                new StringJoiner(", ", "[", length > SHOWN_ELEMENTS ? ", ...] (" + length + " values)" : "]");
        for (int i = 0; i < Math.min(length, SHOWN_ELEMENTS); i++) {
            text.add(shown(element(value, i)));
        }
        return text.toString();
    }
}
