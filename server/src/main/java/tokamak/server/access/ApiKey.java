package tokamak.server.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A key, of which only the hash is kept.
 *
 * @param name for metrics, logs and fair shares
 * @param hash SHA-256 of the key, in hexadecimal
 * @param isAdmin whether its owner may give orders to the server
 */
public record ApiKey(String name, String hash, KeyLimits limits, boolean isAdmin) {
    private static final int HASH_CHARS = 64;

    public ApiKey {
        if (hash.length() != HASH_CHARS || !hash.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
            throw new IllegalArgumentException("the sha256 of key '" + name + "' must have 64 hexadecimal digits");
        }
    }

    static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** A key that may not give orders. */
    public ApiKey(String name, String hash, KeyLimits limits) {
        this(name, hash, limits, false);
    }

    /** The key of whoever runs the server: without limits, and with orders. */
    public static ApiKey of(String name, String key) {
        return new ApiKey(name, HexFormat.of().formatHex(hash(key)), KeyLimits.none(), true);
    }

    /** Takes the same time wherever the difference is. */
    boolean matches(byte[] otherHash) {
        return MessageDigest.isEqual(HexFormat.of().parseHex(hash), otherHash);
    }
}
