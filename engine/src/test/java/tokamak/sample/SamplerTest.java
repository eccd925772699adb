package tokamak.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.api.SamplingParams;

class SamplerTest {
    private static final int NUM_DRAWS = 30_000;

    private static int sample(float[] logits, SamplingParams params, int position, int... prompt) {
        TokenSampling sampling =
                new TokenSampling(params, new int[0], params.seed().orElse(7), prompt, prompt.length, null);
        return new Sampler(logits.length, logits.length).sample(MemorySegment.ofArray(logits), 0, sampling, position);
    }

    private static float[] randomLogits(SplittableRandom random, int size, double spread) {
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (random.nextGaussian() * spread);
        }
        return logits;
    }

    /** What the definition says, slowly: sort, cut, renormalise. */
    private static double[] expectedProbabilities(float[] logits, SamplingParams params) {
        int size = logits.length;
        Integer[] order = IntStream.range(0, size).boxed().toArray(Integer[]::new);
        Arrays.sort(order, (a, b) -> logits[a] != logits[b] ? Float.compare(logits[b], logits[a]) : a - b);
        double[] weights = new double[size];
        for (int i = 0; i < size; i++) {
            weights[i] = Math.exp(((double) logits[i] - logits[order[0]]) / params.temperature());
        }
        for (int i = 0; i < size; i++) {
            if (weights[i] < params.minP()) {
                weights[i] = 0;
            }
        }
        for (int rank = 0; rank < size; rank++) {
            if (params.topK() > 0 && rank >= params.topK()) {
                weights[order[rank]] = 0;
            }
        }
        double total = Arrays.stream(weights).sum();
        double sum = 0;
        for (int rank = 0; rank < size; rank++) {
            double weight = weights[order[rank]];
            if (rank > 0 && sum >= params.topP() * total) {
                weights[order[rank]] = 0;
            }
            sum += weight;
        }
        double kept = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / kept).toArray();
    }

    private static void assertDrawnAsDefined(float[] logits, SamplingParams params) {
        double[] expected = expectedProbabilities(logits, params);
        int[] counts = new int[logits.length];
        TokenSampling sampling = new TokenSampling(params, new int[0], 99, new int[0], 0, null);
        Sampler sampler = new Sampler(logits.length, logits.length);
        MemorySegment row = MemorySegment.ofArray(logits);
        for (int position = 0; position < NUM_DRAWS; position++) {
            counts[sampler.sample(row, 0, sampling, position)]++;
        }
        double chiSquare = 0;
        int degrees = -1;
        double restExpected = 0;
        double restCount = 0;
        for (int i = 0; i < logits.length; i++) {
            if (expected[i] == 0) {
                assertThat(counts[i]).as("token %d is cut off", i).isZero();
            } else if (expected[i] * NUM_DRAWS < 10) {
                restExpected += expected[i] * NUM_DRAWS;
                restCount += counts[i];
            } else {
                double difference = counts[i] - expected[i] * NUM_DRAWS;
                chiSquare += difference * difference / (expected[i] * NUM_DRAWS);
                degrees++;
            }
        }
        if (restExpected >= 10) {
            chiSquare += (restCount - restExpected) * (restCount - restExpected) / restExpected;
            degrees++;
        }
        // Mean of the chi-square distribution plus five standard deviations.
        assertThat(chiSquare).isLessThan(Math.max(1, degrees) + 5 * Math.sqrt(2.0 * Math.max(1, degrees)));
    }

    @Test
    void drawsFromTheWholeDistribution() {
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(1), 50, 2),
                SamplingParams.builder().temperature(0.8).build());
    }

    @Test
    void drawsFromTopK() {
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(2), 300, 2),
                SamplingParams.builder().topK(20).build());
    }

    @Test
    void drawsFromTopP() {
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(3), 300, 2),
                SamplingParams.builder().topP(0.7).build());
    }

    @Test
    void drawsFromMinP() {
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(4), 300, 2),
                SamplingParams.builder().minP(0.05).build());
    }

    @Test
    void drawsFromAllCutsTogether() {
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(5), 300, 3),
                SamplingParams.builder()
                        .temperature(1.3)
                        .topK(40)
                        .topP(0.9)
                        .minP(0.02)
                        .build());
    }

    @Test
    void nucleusIsFoundInAFlatDistribution() {
        // Many more tokens than the first selection looks at.
        assertDrawnAsDefined(
                randomLogits(new SplittableRandom(6), 1000, 0.1),
                SamplingParams.builder().topP(0.5).build());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void keepsExactlyTheTokensOfTheDefinition(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 40; round++) {
            float[] logits = randomLogits(random, 20, 1.5);
            if (round % 3 == 0) {
                for (int i = 0; i < logits.length; i++) {
                    logits[i] = Math.round(logits[i]); // ties
                }
            }
            SamplingParams params = SamplingParams.builder()
                    .topK(random.nextInt(0, 25))
                    .topP(random.nextDouble(0.05, 1))
                    .minP(random.nextBoolean() ? 0 : random.nextDouble(0, 0.5))
                    .build();
            double[] expected = expectedProbabilities(logits, params);
            Set<Integer> drawn = new HashSet<>();
            TokenSampling sampling = new TokenSampling(params, new int[0], round, new int[0], 0, null);
            Sampler sampler = new Sampler(logits.length, logits.length);
            for (int position = 0; position < 500; position++) {
                drawn.add(sampler.sample(MemorySegment.ofArray(logits), 0, sampling, position));
            }
            Set<Integer> likely = new HashSet<>();
            for (int i = 0; i < logits.length; i++) {
                if (expected[i] > 0.05) {
                    likely.add(i);
                }
            }
            assertThat(drawn).containsAll(likely).allMatch(token -> expected[token] > 0);
        }
    }

    @Test
    void greedyTakesTheLowestIdOfEqualOnes() {
        assertThat(sample(new float[] {1, 3, 2, 3, 3}, SamplingParams.greedy(), 0))
                .isEqualTo(1);
    }

    @Test
    void sameSeedAndPositionGiveTheSameTokenInAnyRow() {
        SplittableRandom random = new SplittableRandom(8);
        float[] logits = randomLogits(random, 64, 1);
        float[] rows = randomLogits(random, 64 * 5, 1);
        System.arraycopy(logits, 0, rows, 64 * 3, 64);
        SamplingParams params = SamplingParams.builder().build();
        TokenSampling sampling = new TokenSampling(params, new int[0], 5, new int[0], 0, null);
        Sampler one = new Sampler(64, 64);
        Sampler other = new Sampler(64, 64);
        Set<Integer> tokens = new HashSet<>();
        for (int position = 0; position < 100; position++) {
            other.sample(MemorySegment.ofArray(rows), position % 5, sampling, position * 3);
            int token = one.sample(MemorySegment.ofArray(logits), 0, sampling, position);
            assertThat(other.sample(MemorySegment.ofArray(rows), 3, sampling, position))
                    .isEqualTo(token);
            tokens.add(token);
        }
        assertThat(tokens).hasSizeGreaterThan(10);
    }

    @Test
    void paddingIsNeverChosen() {
        float[] logits = {1, 2, 100, 100};
        TokenSampling sampling = new TokenSampling(SamplingParams.greedy(), new int[0], 0, new int[0], 0, null);
        assertThat(new Sampler(4, 2).sample(MemorySegment.ofArray(logits), 0, sampling, 0))
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void refusesWhatIsNoLogit(float bad) {
        assertThatThrownBy(() -> sample(new float[] {0, bad, 1}, SamplingParams.greedy(), 0))
                .isInstanceOf(InvalidLogitsException.class)
                .hasMessageContaining("token 1");
    }

    @Test
    void saysWhenNothingIsAllowed() {
        SamplingParams params = SamplingParams.builder()
                .allowedTokenIds(Set.of(1))
                .badWordIds(List.of(List.of(1)))
                .build();
        assertThatThrownBy(() -> sample(new float[] {0, 1, 2}, params, 0))
                .isInstanceOf(InvalidLogitsException.class)
                .hasMessageContaining("no token is allowed");
    }

    // ---- processors

    private static float[] process(SamplingParams params, int[] stopIds, int[] prompt, int[] output, float... logits) {
        TokenSampling sampling = new TokenSampling(params, stopIds, 0, prompt, prompt.length, null);
        for (int token : output) {
            sampling.accept(token);
        }
        sampling.process(logits);
        return logits;
    }

    @Test
    void repetitionDividesPositiveAndMultipliesNegativeLogitsOfPromptAndAnswer() {
        float[] logits = process(
                SamplingParams.builder().repetitionPenalty(2).build(),
                new int[0],
                new int[] {0, 0, 1},
                new int[] {2},
                4,
                -4,
                3,
                5);
        assertThat(logits).containsExactly(2, -8, 1.5f, 5);
    }

    @Test
    void frequencyCountsAndPresenceDoesNotAndBothLeaveThePromptAlone() {
        float[] logits = process(
                SamplingParams.builder()
                        .frequencyPenalty(0.5)
                        .presencePenalty(0.25)
                        .build(),
                new int[0],
                new int[] {0},
                new int[] {1, 2, 1, 1},
                1,
                1,
                1,
                1);
        assertThat(logits).containsExactly(1, 1 - 1.5f - 0.25f, 1 - 0.5f - 0.25f, 1);
    }

    @Test
    void penaltiesCountManyDifferentTokens() {
        int size = 1000;
        int[] output = IntStream.range(0, 3 * size).map(i -> i * 7 % size).toArray();
        float[] logits = process(
                SamplingParams.builder().frequencyPenalty(1).build(), new int[0], new int[0], output, new float[size]);
        for (float logit : logits) {
            assertThat(logit).isEqualTo(-3);
        }
    }

    @Test
    void biasIsAddedBeforePenalties() {
        float[] logits = process(
                SamplingParams.builder()
                        .repetitionPenalty(2)
                        .logitBias(Map.of(0, 3.0, 1, -1.0))
                        .build(),
                new int[0],
                new int[] {0},
                new int[0],
                1,
                1,
                1);
        assertThat(logits).containsExactly(2, 0, 1);
    }

    @Test
    void onlyAllowedTokensStay() {
        float[] logits = process(
                SamplingParams.builder().allowedTokenIds(Set.of(3, 1)).build(),
                new int[0],
                new int[0],
                new int[0],
                1,
                2,
                3,
                4,
                5);
        float no = Float.NEGATIVE_INFINITY;
        assertThat(logits).containsExactly(no, 2, no, 4, no);
    }

    @Test
    void badWordsMayBeginButNotEnd() {
        SamplingParams params = SamplingParams.builder()
                .badWordIds(List.of(List.of(0, 1, 2), List.of(3)))
                .build();
        float no = Float.NEGATIVE_INFINITY;
        assertThat(process(params, new int[0], new int[0], new int[] {0}, 1, 1, 1, 1))
                .containsExactly(1, 1, 1, no);
        assertThat(process(params, new int[0], new int[0], new int[] {2, 0, 1}, 1, 1, 1, 1))
                .containsExactly(1, 1, no, no);
        assertThat(process(params, new int[0], new int[0], new int[] {0, 1, 1}, 1, 1, 1, 1))
                .containsExactly(1, 1, 1, no);
    }

    @Test
    void stopTokensWaitForMinTokens() {
        SamplingParams params = SamplingParams.builder().minTokens(2).build();
        float no = Float.NEGATIVE_INFINITY;
        int[] stops = {1};
        assertThat(process(params, stops, new int[0], new int[] {0}, 1, 1)).containsExactly(1, no);
        assertThat(process(params, stops, new int[0], new int[] {0, 0}, 1, 1)).containsExactly(1, 1);
    }

    // ---- log-probabilities

    @Test
    void logprobsAreTheLogSoftmaxOfUnmodifiedLogits() {
        float[] logits = {1, 4, 2, 4, -100};
        var logprobs = new LogprobReader(5).read(MemorySegment.ofArray(logits), 0, 2, 3);
        double sum = Math.exp(1) + 2 * Math.exp(4) + Math.exp(2) + Math.exp(-100);
        assertThat(logprobs.chosen().logprob()).isCloseTo(Math.log(Math.exp(2) / sum), within(1e-9));
        assertThat(logprobs.chosen().logit()).isEqualTo(2);
        assertThat(logprobs.rank()).isEqualTo(3);
        assertThat(logprobs.top()).extracting(top -> top.tokenId()).containsExactly(1, 3, 2);
    }

    @Test
    void theExponentialFunctionIsOne() {
        for (double x = Exp.LOWEST; x <= 0; x += 0.0137) {
            assertThat(Exp.exp(x) / Math.exp(x)).isCloseTo(1, within(1e-9));
        }
        double[] weights = new double[4];
        Exp.weights(new float[] {3, Float.NEGATIVE_INFINITY, -40, 2}, 4, 3, 1, weights);
        assertThat(weights[0]).isCloseTo(1, within(1e-12));
        assertThat(weights[1]).isZero();
        assertThat(weights[2]).isZero();
        assertThat(weights[3]).isCloseTo(Math.exp(-1), within(1e-9));
    }

    @Test
    void aVanishingTemperatureIsGreedy() {
        SamplingParams params =
                SamplingParams.builder().temperature(Double.MIN_VALUE).build();
        for (int position = 0; position < 50; position++) {
            assertThat(sample(new float[] {1, 3, 2.999f}, params, position)).isEqualTo(1);
        }
    }

    @Test
    void topSelectorFindsWhatSortingFinds() {
        SplittableRandom random = new SplittableRandom(11);
        TopSelector selector = new TopSelector();
        for (int round = 0; round < 300; round++) {
            int size = random.nextInt(1, 200);
            float[] values = new float[size];
            for (int i = 0; i < size; i++) {
                values[i] = random.nextInt(20);
            }
            int count = random.nextInt(0, size + 5);
            selector.select(values, size, count);
            int[] expected = IntStream.range(0, size)
                    .boxed()
                    .sorted((a, b) -> values[a] != values[b] ? Float.compare(values[b], values[a]) : a - b)
                    .limit(count)
                    .mapToInt(Integer::intValue)
                    .toArray();
            int[] actual =
                    IntStream.range(0, selector.size()).map(selector::get).toArray();
            assertThat(actual).isEqualTo(expected);
        }
    }

    @Test
    void randomStreamIsUniformAndIndependentOfNeighbours() {
        int buckets = 64;
        int[] counts = new int[buckets * buckets];
        int pairs = 200_000;
        for (int i = 0; i < pairs; i++) {
            int a = (int) (RandomStream.uniform(i / 100, i % 100) * buckets);
            int b = (int) (RandomStream.uniform(i / 100 + 1, i % 100) * buckets);
            counts[a * buckets + b]++;
        }
        double expected = (double) pairs / counts.length;
        double chiSquare = Arrays.stream(counts)
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        assertThat(chiSquare).isLessThan(counts.length + 5 * Math.sqrt(2.0 * counts.length));
    }
}
