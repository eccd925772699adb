package tokamak.grammar;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Texts of the numbers for which conditions hold, exactly.
 *
 * <p>Of the many spellings of a number these are written: a whole number is digits, maybe with {@code .0}; a decimal has any number of
 * decimals; a power of ten follows a mantissa from 1 to below 10 where a schema says nothing but "number" or gives bounds,
 * and it is at most 307.
 */
final class NumberLanguage {
    private static final int MAX_EXPONENT = 307;
    private static final int MAX_LISTED = 200;

    private final RegexPool pool;
    private final PatternCompiler patterns;
    private final Map<String, Regex> compiled = new HashMap<>();
    private final Regex minus;
    private final Regex pointZero;

    NumberLanguage(RegexPool pool) {
        this.pool = pool;
        this.patterns = new PatternCompiler(new Utf8Alphabet(pool));
        this.minus = pool.literal("-");
        this.pointZero = pool.optional(pool.literal(".0"));
    }

    private Regex regex(String pattern) {
        return compiled.computeIfAbsent(pattern, key -> patterns.whole(PatternParser.parse(pattern)));
    }

    /** What all leaves together say. Bounds are null where there are none. */
    private static final class Conditions {
        private @Nullable BigDecimal low;
        private @Nullable BigDecimal high;
        private boolean excludesLow;
        private boolean excludesHigh;
        private final List<BigDecimal> factors = new ArrayList<>();
        private final List<BigDecimal> notFactors = new ArrayList<>();
        private final Set<BigDecimal> excluded = new HashSet<>();
        private @Nullable Map<BigDecimal, BigDecimal> values;

        Conditions(Collection<SchemaTerm> leaves) {
            leaves.forEach(this::add);
        }

        private void add(SchemaTerm leaf) {
            switch (leaf) {
                case SchemaTerm.Bound bound -> addBound(bound);
                case SchemaTerm.MultipleOf each -> factors.add(each.factor());
                case SchemaTerm.NotMultipleOf each -> notFactors.add(each.factor());
                case SchemaTerm.Values each -> {
                    Map<BigDecimal, BigDecimal> common = new LinkedHashMap<>();
                    for (BigDecimal value : numbers(each.values())) {
                        if (values == null || values.containsKey(value)) {
                            common.put(value, value);
                        }
                    }
                    values = common;
                }
                case SchemaTerm.NotValues each -> excluded.addAll(numbers(each.values()));
                default -> {}
            }
        }

        private static List<BigDecimal> numbers(List<JsonNode> values) {
            return values.stream()
                    .filter(JsonNode::isNumber)
                    .map(value -> value.decimalValue().stripTrailingZeros())
                    .toList();
        }

        private void addBound(SchemaTerm.Bound bound) {
            BigDecimal value = bound.value();
            boolean excludes = bound.side() == SchemaTerm.Side.ABOVE || bound.side() == SchemaTerm.Side.BELOW;
            if (bound.side() == SchemaTerm.Side.AT_LEAST || bound.side() == SchemaTerm.Side.ABOVE) {
                int order = low == null ? 1 : value.compareTo(low);
                excludesLow = order > 0 ? excludes : order == 0 ? excludesLow || excludes : excludesLow;
                low = order > 0 ? value : low;
            } else {
                int order = high == null ? -1 : value.compareTo(high);
                excludesHigh = order < 0 ? excludes : order == 0 ? excludesHigh || excludes : excludesHigh;
                high = order < 0 ? value : high;
            }
        }

        boolean holdFor(BigDecimal value) {
            int aboveLow = low == null ? 1 : value.compareTo(low);
            int belowHigh = high == null ? 1 : high.compareTo(value);
            return (excludesLow ? aboveLow > 0 : aboveLow >= 0)
                    && (excludesHigh ? belowHigh > 0 : belowHigh >= 0)
                    && factors.stream().allMatch(factor -> isMultiple(value, factor))
                    && notFactors.stream().noneMatch(factor -> isMultiple(value, factor))
                    && !excluded.contains(value.stripTrailingZeros());
        }

        private static boolean isMultiple(BigDecimal value, BigDecimal factor) {
            return value.remainder(factor).signum() == 0;
        }

        boolean isFree() {
            return low == null && high == null && factors.isEmpty() && notFactors.isEmpty() && excluded.isEmpty();
        }
    }

    /** @param types INTEGER, FRACTION or both of {@link JsonTypes} */
    Regex of(int types, Collection<SchemaTerm> leaves) {
        Conditions conditions = new Conditions(leaves);
        if (conditions.values != null) {
            List<BigDecimal> kept = new ArrayList<>();
            for (BigDecimal value : conditions.values.keySet()) {
                int type = JsonValues.isInteger(value) ? JsonTypes.INTEGER : JsonTypes.FRACTION;
                if ((type & types) != 0 && conditions.holdFor(value)) {
                    kept.add(value);
                }
            }
            return literals(kept);
        }
        return types == JsonTypes.INTEGER ? integers(conditions) : decimals(types, conditions);
    }

    private Regex literals(Collection<BigDecimal> values) {
        List<byte[]> texts = new ArrayList<>();
        for (BigDecimal value : values) {
            for (String text : JsonValues.spellings(value)) {
                texts.add(text.getBytes(StandardCharsets.UTF_8));
            }
        }
        return pool.literals(texts);
    }

    private Regex signed(Regex positive, Regex negative) {
        return pool.or(positive, pool.concat(minus, negative));
    }

    // ---- whole numbers

    private Regex integers(Conditions conditions) {
        BigDecimal low = conditions.low == null ? null : conditions.low.setScale(0, RoundingMode.CEILING);
        BigDecimal high = conditions.high == null ? null : conditions.high.setScale(0, RoundingMode.FLOOR);
        if (low != null && conditions.excludesLow && low.compareTo(conditions.low) == 0) {
            low = low.add(BigDecimal.ONE);
        }
        if (high != null && conditions.excludesHigh && high.compareTo(conditions.high) == 0) {
            high = high.subtract(BigDecimal.ONE);
        }
        if (low != null && high != null && high.subtract(low).compareTo(BigDecimal.valueOf(MAX_LISTED)) < 0) {
            List<BigDecimal> values = new ArrayList<>();
            for (BigDecimal value = low; value.compareTo(high) <= 0; value = value.add(BigDecimal.ONE)) {
                if (conditions.holdFor(value)) {
                    values.add(value);
                }
            }
            return literals(values);
        }
        return signed(
                wholes(low, high, conditions, value -> value),
                wholes(
                        high == null ? null : high.negate(),
                        low == null ? null : low.negate(),
                        conditions,
                        BigDecimal::negate));
    }

    /** The unsigned texts of whole numbers from {@code low} to {@code high}. */
    private Regex wholes(
            @Nullable BigDecimal low,
            @Nullable BigDecimal high,
            Conditions conditions,
            Function<BigDecimal, BigDecimal> signed) {
        if (high != null && high.signum() < 0) {
            return pool.nothing;
        }
        List<Regex> parts = new ArrayList<>();
        parts.add(regex(low == null || low.signum() < 0 ? NumberPatterns.WHOLE : NumberPatterns.wholeAtLeast(low)));
        if (high != null) {
            parts.add(regex(NumberPatterns.wholeAtMost(high)));
        }
        List<byte[]> excluded = new ArrayList<>();
        for (BigDecimal value : conditions.excluded) {
            BigDecimal magnitude = signed.apply(value);
            if (magnitude.signum() >= 0 && JsonValues.isInteger(magnitude)) {
                excluded.add(magnitude.toBigInteger().toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        if (!excluded.isEmpty()) {
            parts.add(pool.not(pool.literals(excluded)));
        }
        addMultiples(conditions, parts);
        return pool.concat(pool.and(parts), pointZero);
    }

    private void addMultiples(Conditions conditions, List<Regex> parts) {
        conditions.factors.forEach(factor -> parts.add(multiple(factor)));
        conditions.notFactors.forEach(factor -> parts.add(pool.not(multiple(factor))));
    }

    private Regex multiple(BigDecimal factor) {
        BigDecimal stripped = factor.stripTrailingZeros();
        int scale = Math.max(0, stripped.scale());
        return pool.multiple(Multiple.start(stripped.movePointRight(scale).longValueExact(), scale));
    }

    // ---- decimals

    private Regex decimals(int types, Conditions conditions) {
        if (types == JsonTypes.NUMBER && conditions.isFree()) {
            return free();
        }
        return signed(
                magnitudes(
                        types,
                        new Range(conditions.low, conditions.excludesLow, conditions.high, conditions.excludesHigh),
                        conditions,
                        value -> value),
                magnitudes(
                        types,
                        new Range(
                                conditions.high == null ? null : conditions.high.negate(),
                                conditions.excludesHigh,
                                conditions.low == null ? null : conditions.low.negate(),
                                conditions.excludesLow),
                        conditions,
                        BigDecimal::negate));
    }

    private Regex free() {
        Regex plain = regex("-?" + NumberPatterns.WHOLE + NumberPatterns.FRACTION);
        Regex longMantissa = regex("-?(?:0|[1-9]\\d{0,17})" + NumberPatterns.FRACTION + "[eE][+-]?\\d{1,2}");
        Regex powers = powers(mantissas(), -MAX_EXPONENT, MAX_EXPONENT);
        return pool.or(plain, longMantissa, pool.concat(pool.optional(minus), powers));
    }

    private record Range(
            @Nullable BigDecimal low,
            boolean excludesLow,
            @Nullable BigDecimal high,
            boolean excludesHigh) {}

    private Regex magnitudes(int types, Range range, Conditions conditions, Function<BigDecimal, BigDecimal> signed) {
        boolean isEmpty =
                range.high != null && (range.high.signum() < 0 || range.high.signum() == 0 && range.excludesHigh);
        if (isEmpty) {
            return pool.nothing;
        }
        List<Regex> parts = new ArrayList<>();
        parts.add(plain(range));
        if (types == JsonTypes.FRACTION) {
            parts.add(regex("\\d+\\.\\d*[1-9]\\d*"));
        }
        for (BigDecimal value : conditions.excluded) {
            BigDecimal magnitude = signed.apply(value);
            if (magnitude.signum() >= 0) {
                parts.add(pool.not(plain(new Range(magnitude, false, magnitude, false))));
            }
        }
        addMultiples(conditions, parts);
        Regex result = pool.and(parts);
        boolean arePlain = types != JsonTypes.NUMBER
                || !conditions.factors.isEmpty()
                || !conditions.notFactors.isEmpty()
                || !conditions.excluded.isEmpty();
        return arePlain ? result : pool.or(result, powers(range));
    }

    private Regex plain(Range range) {
        Regex least = range.low == null || range.low.signum() < 0
                ? regex(NumberPatterns.WHOLE + NumberPatterns.FRACTION)
                : regex(range.excludesLow ? NumberPatterns.above(range.low) : NumberPatterns.atLeast(range.low));
        return range.high == null
                ? least
                : pool.and(
                        least,
                        regex(
                                range.excludesHigh
                                        ? NumberPatterns.below(range.high)
                                        : NumberPatterns.atMost(range.high)));
    }

    // ---- powers of ten

    private Regex mantissas() {
        return regex("[1-9]" + NumberPatterns.FRACTION);
    }

    private Regex powers(Range range) {
        List<Regex> parts = new ArrayList<>();
        if (range.low == null || range.low.signum() <= 0) {
            parts.add(powers(mantissas(), -MAX_EXPONENT, MAX_EXPONENT));
        } else {
            int exponent = exponent(range.low);
            BigDecimal mantissa = range.low.movePointLeft(exponent);
            Regex least = pool.and(
                    mantissas(),
                    regex(range.excludesLow ? NumberPatterns.above(mantissa) : NumberPatterns.atLeast(mantissa)));
            parts.add(pool.or(powers(mantissas(), exponent + 1, MAX_EXPONENT), powers(least, exponent, exponent)));
        }
        if (range.high != null && range.high.signum() == 0) {
            return pool.nothing;
        }
        if (range.high != null) {
            int exponent = exponent(range.high);
            BigDecimal mantissa = range.high.movePointLeft(exponent);
            Regex most = pool.and(
                    mantissas(),
                    regex(range.excludesHigh ? NumberPatterns.below(mantissa) : NumberPatterns.atMost(mantissa)));
            parts.add(pool.or(powers(mantissas(), -MAX_EXPONENT, exponent - 1), powers(most, exponent, exponent)));
        }
        return pool.and(parts);
    }

    private static int exponent(BigDecimal value) {
        return value.precision() - value.scale() - 1;
    }

    private Regex powers(Regex mantissa, int lowest, int highest) {
        return pool.concat(mantissa, pool.concat(regex("[eE]"), exponents(lowest, highest)));
    }

    private Regex exponents(int lowest, int highest) {
        int low = Math.max(lowest, -MAX_EXPONENT);
        int high = Math.min(highest, MAX_EXPONENT);
        if (low > high) {
            return pool.nothing;
        }
        List<Regex> parts = new ArrayList<>();
        if (high >= 0) {
            parts.add(pool.concat(regex("\\+?0?"), range(Math.max(low, 0), high)));
        }
        if (low <= 0) {
            parts.add(pool.concat(regex("-0?"), range(Math.max(-high, 0), -low)));
        }
        return pool.or(parts);
    }

    private Regex range(int low, int high) {
        return pool.and(
                regex(NumberPatterns.wholeAtLeast(BigDecimal.valueOf(low))),
                regex(NumberPatterns.wholeAtMost(BigDecimal.valueOf(high))));
    }
}
