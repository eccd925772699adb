package tokamak.workload;

import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long prompts and answers are, in tokens. */
public sealed interface LengthDistribution {
    /** A length, at least 1. */
    int next(SplittableRandom random);

    /** Always the same. */
    record Fixed(int length) implements LengthDistribution {
        public Fixed {
            require(length >= 1 && length <= MOST, "a length must be in [1, " + MOST + "], found " + length);
        }

        @Override
        public int next(SplittableRandom random) {
            return length;
        }
    }

    /** Each from {@code least} to {@code most} as often. */
    record Uniform(int least, int most) implements LengthDistribution {
        public Uniform {
            require(least >= 1 && least <= most && most <= MOST, "uniform:A-B needs 1 <= A <= B <= " + MOST);
        }

        @Override
        public int next(SplittableRandom random) {
            return random.nextInt(least, most + 1);
        }
    }

    /**
     * Many short ones and a few long ones, as people's prompts and answers are: {@code median * exp(sigma * gaussian)}.
     *
     * @param most longer ones are cut
     */
    record LogNormal(double median, double sigma, int most) implements LengthDistribution {
        public LogNormal {
            require(
                    median >= 1 && median <= most && most <= MOST && sigma >= 0 && sigma <= 10,
                    "lognormal:MEDIAN,SIGMA[,MOST] needs 1 <= MEDIAN <= MOST <= " + MOST + " and 0 <= SIGMA <= 10");
        }

        @Override
        public int next(SplittableRandom random) {
            return (int) Math.clamp(Math.round(median * Math.exp(sigma * random.nextGaussian())), 1, most);
        }
    }

    int MOST = 1 << 20;

    /**
     * Reads {@code 512}, {@code uniform:100-900}, {@code lognormal:512,0.8} or {@code lognormal:512,0.8,4096}.
     *
     * @throws IllegalArgumentException if it is something else; the message says what is expected
     */
    static LengthDistribution parse(String text) {
        Matcher fixed = Patterns.FIXED.matcher(text);
        Matcher uniform = Patterns.UNIFORM.matcher(text);
        Matcher logNormal = Patterns.LOG_NORMAL.matcher(text);
        if (fixed.matches()) {
            return new Fixed(Integer.parseInt(text));
        }
        if (uniform.matches()) {
            return new Uniform(Integer.parseInt(uniform.group(1)), Integer.parseInt(uniform.group(2)));
        }
        if (logNormal.matches()) {
            return new LogNormal(
                    Double.parseDouble(logNormal.group(1)),
                    Double.parseDouble(logNormal.group(2)),
                    logNormal.group(3) == null ? MOST : Integer.parseInt(logNormal.group(3)));
        }
        throw new IllegalArgumentException(
                "expected a length such as 512, uniform:100-900 or lognormal:512,0.8, found '" + text + "'");
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /** An interface's constants are everybody's; these are not. */
    final class Patterns {
        private static final Pattern FIXED = Pattern.compile("\\d{1,9}");
        private static final Pattern UNIFORM = Pattern.compile("uniform:(\\d{1,9})-(\\d{1,9})");
        private static final Pattern LOG_NORMAL =
                Pattern.compile("lognormal:(\\d{1,9}(?:\\.\\d+)?),(\\d{1,9}(?:\\.\\d+)?)(?:,(\\d{1,9}))?");

        private Patterns() {}
    }
}
