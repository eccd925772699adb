package tokamak.server.access;

import java.time.Duration;

/** A token bucket: holds what may be taken in a minute, and fills up steadily. May be overdrawn. Not for several threads. */
final class Bucket {
    private static final double NANOS_PER_MINUTE = 60e9;

    private final double perMinute;
    private double level;
    private long nanos;

    Bucket(int perMinute, long nowNanos) {
        this.perMinute = perMinute;
        this.level = perMinute;
        this.nanos = nowNanos;
    }

    private void fill(long nowNanos) {
        level = Math.min(perMinute, level + perMinute * (nowNanos - nanos) / NANOS_PER_MINUTE);
        nanos = nowNanos;
    }

    /** How long until there is so much; zero if there is. */
    Duration waitFor(double amount, long nowNanos) {
        fill(nowNanos);
        return level >= amount
                ? Duration.ZERO
                : Duration.ofNanos((long) ((amount - level) / perMinute * NANOS_PER_MINUTE) + 1);
    }

    void take(double amount, long nowNanos) {
        fill(nowNanos);
        level -= amount;
    }
}
