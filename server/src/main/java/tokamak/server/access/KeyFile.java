package tokamak.server.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keys in a JSON file that is read again when it changes: an array of
 * {@code {"name", "sha256", "requests_per_minute", "tokens_per_minute", "max_concurrent", "best_priority", "models", "admin"}}, of
 * which only the first two are required.
 */
final class KeyFile {
    private static final System.Logger LOG = System.getLogger("tokamak.server.access");
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final Set<String> FIELDS = Set.of(
            "name",
            "sha256",
            "requests_per_minute",
            "tokens_per_minute",
            "max_concurrent",
            "best_priority",
            "models",
            "admin");

    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();
    private FileTime time;
    private List<ApiKey> keys;
    private long checkedNanos = System.nanoTime();

    /** @throws IllegalArgumentException if the file can't be read or is wrong */
    KeyFile(Path file) {
        this.file = file;
        try {
            time = Files.getLastModifiedTime(file);
            keys = read();
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the key file " + file + ": " + e.getMessage(), e);
        }
    }

    List<ApiKey> keys() {
        lock.lock();
        try {
            if (System.nanoTime() - checkedNanos > CHECK_NANOS) {
                checkedNanos = System.nanoTime();
                reload();
            }
            return keys;
        } finally {
            lock.unlock();
        }
    }

    /** A file that is damaged while somebody edits it locks nobody out who had a key. */
    private void reload() {
        try {
            FileTime now = Files.getLastModifiedTime(file);
            if (!now.equals(time)) {
                time = now;
                keys = read();
                LOG.log(System.Logger.Level.INFO, "read {0} keys from {1}", keys.size(), file);
            }
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(System.Logger.Level.WARNING, "keeping the keys as they were: {0}", e.getMessage());
        }
    }

    private List<ApiKey> read() throws IOException {
        try {
            JsonNode root = new JsonMapper().readTree(Files.readAllBytes(file));
            if (!root.isArray()) {
                throw wrong("expected an array of keys");
            }
            List<ApiKey> read = new ArrayList<>();
            for (JsonNode node : root.values()) {
                read.add(key(node));
            }
            return List.copyOf(read);
        } catch (JacksonException e) {
            throw wrong("it is not valid JSON");
        }
    }

    private ApiKey key(JsonNode node) {
        for (String field : node.propertyNames()) {
            if (!FIELDS.contains(field)) {
                throw wrong("there is no field '" + field + "'; there is " + String.join(", ", new TreeSet<>(FIELDS)));
            }
        }
        String name = node.path("name").asString("");
        if (name.isEmpty()) {
            throw wrong("a key has no name");
        }
        return new ApiKey(
                name,
                node.path("sha256").asString(""),
                new KeyLimits(
                        limit(node, "requests_per_minute", 0),
                        limit(node, "tokens_per_minute", 0),
                        limit(node, "max_concurrent", 0),
                        limit(node, "best_priority", KeyLimits.ANY_PRIORITY),
                        models(node)),
                isAdmin(node));
    }

    /** A limit that cannot be read is no permission to go without one. */
    private int limit(JsonNode node, String field, int fallback) {
        JsonNode value = node.path(field);
        if (!value.isMissingNode() && !value.canConvertToInt()) {
            throw wrong("'" + field + "' must be a whole number, found " + value);
        }
        return value.asInt(fallback);
    }

    private Set<String> models(JsonNode node) {
        JsonNode value = node.path("models");
        if (!value.isMissingNode()
                && !(value.isArray() && value.values().stream().allMatch(JsonNode::isString))) {
            throw wrong("'models' must be a list of names, found " + value);
        }
        Set<String> models = new HashSet<>();
        value.values().forEach(model -> models.add(model.asString()));
        return models;
    }

    private boolean isAdmin(JsonNode node) {
        JsonNode value = node.path("admin");
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw wrong("'admin' must be true or false, found " + value);
        }
        return value.asBoolean(false);
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("the key file " + file + " is wrong: " + what);
    }
}
