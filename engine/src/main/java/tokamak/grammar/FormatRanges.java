package tokamak.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Formats beyond JSON Schema's own that generators of schemas write: OpenAPI's and schemars' widths of integers, which are
 * ranges, and names that say something about a value's use but nothing about what it may be.
 */
final class FormatRanges {
    private static final Pattern INTEGER = Pattern.compile("(u?)int(8|16|32|64|)");
    private static final Set<String> ANYTHING =
            Set.of("float", "double", "binary", "password", "path", "file-path", "directory-path");

    private FormatRanges() {}

    /** The bounds of such a format, none where it bounds nothing; empty for others. */
    static Optional<List<SchemaTerm.Bound>> of(String format) {
        if (ANYTHING.contains(format)) {
            return Optional.of(List.of());
        }
        Matcher width = INTEGER.matcher(format);
        if (!width.matches()) {
            return Optional.empty();
        }
        int bits = width.group(2).isEmpty() ? 64 : Integer.parseInt(width.group(2));
        boolean isSigned = width.group(1).isEmpty();
        BigInteger beyond = BigInteger.ONE.shiftLeft(isSigned ? bits - 1 : bits);
        return Optional.of(List.of(
                bound(SchemaTerm.Side.AT_LEAST, isSigned ? beyond.negate() : BigInteger.ZERO),
                bound(SchemaTerm.Side.AT_MOST, beyond.subtract(BigInteger.ONE))));
    }

    private static SchemaTerm.Bound bound(SchemaTerm.Side side, BigInteger value) {
        return new SchemaTerm.Bound(side, new BigDecimal(value).stripTrailingZeros());
    }
}
