package tokamak.server.cli;

import java.util.Locale;

/** Large numbers for people. */
final class Amounts {
    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] COUNT_UNITS = {"", "K", "M", "B", "T"};

    private Amounts() {}

    /** In powers of 1024: {@code 1536} is {@code 1.5 KiB}. */
    static String bytes(long bytes) {
        return scaled(bytes, 1024, BYTE_UNITS);
    }

    /** In powers of 1000, B for billions as is usual for models: {@code 7240000000} is {@code 7.24 B}. */
    static String count(long count) {
        return scaled(count, 1000, COUNT_UNITS);
    }

    private static String scaled(double value, int step, String[] units) {
        int unit = 0;
        while (value >= step && unit < units.length - 1) {
            value /= step;
            unit++;
        }
        int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", value, units[unit])
                .strip();
    }
}
