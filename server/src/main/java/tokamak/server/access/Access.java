package tokamak.server.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tells callers by their keys. */
public final class Access {
    private static final Pattern BEARER = Pattern.compile("(?i)bearer +(\\S+) *");

    private final Supplier<List<ApiKey>> keys;
    private final LongSupplier clock;
    private final Map<String, Caller> callers = new ConcurrentHashMap<>();
    private final Optional<Caller> anybody;

    private Access(Supplier<List<ApiKey>> keys, boolean open, LongSupplier clock) {
        this.keys = keys;
        this.clock = clock;
        this.anybody = open ? Optional.of(new Caller("", KeyLimits.none(), true, clock)) : Optional.empty();
    }

    /** Nobody needs a key. */
    public static Access open() {
        return new Access(List::of, true, System::nanoTime);
    }

    /** Everybody needs one of these. */
    public static Access of(List<ApiKey> keys) {
        List<ApiKey> copy = List.copyOf(keys);
        return new Access(() -> copy, false, System::nanoTime);
    }

    /**
     * Everybody needs one of these, or one in the file, which is read again when it changes.
     *
     * @throws IllegalArgumentException if the file can't be read or is wrong
     */
    public static Access of(List<ApiKey> keys, Path file) {
        KeyFile more = new KeyFile(file);
        return new Access(
                () -> Stream.concat(keys.stream(), more.keys().stream()).toList(), false, System::nanoTime);
    }

    static Access of(List<ApiKey> keys, LongSupplier clock) {
        return new Access(() -> keys, false, clock);
    }

    /**
     * Who this is; empty if the key is missing or unknown.
     *
     * @param authorization the HTTP header
     */
    public Optional<Caller> identify(Optional<String> authorization) {
        if (anybody.isPresent()) {
            return anybody;
        }
        Matcher bearer = BEARER.matcher(authorization.orElse(""));
        if (!bearer.matches()) {
            return Optional.empty();
        }
        byte[] hash = ApiKey.hash(bearer.group(1));
        Optional<ApiKey> found = Optional.empty();
        for (ApiKey key : keys.get()) {
            // No early exit: how long it takes must not tell which key is nearly right.
            found = key.matches(hash) ? Optional.of(key) : found;
        }
        return found.map(this::caller);
    }

    /** Changed limits begin afresh; unchanged ones keep what has been used. */
    private Caller caller(ApiKey key) {
        return callers.compute(
                key.name(),
                (name, old) -> old != null && old.limits().equals(key.limits()) && old.isAdmin() == key.isAdmin()
                        ? old
                        : new Caller(name, key.limits(), key.isAdmin(), clock));
    }
}
