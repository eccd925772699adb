package tokamak.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadTest {
    private static final LengthDistribution SOME = LengthDistribution.parse("uniform:10-90");

    @Test
    void arrivalsComeAtTheRateAskedFor() {
        Workload workload = Workload.synthetic(20_000, 5, SOME, SOME, 0, 1);
        assertThat(workload.arrivals().getLast().seconds()).isCloseTo(4000, within(120.0));
        double[] gaps = IntStream.range(1, 20_000)
                .mapToDouble(i -> workload.arrivals().get(i).seconds()
                        - workload.arrivals().get(i - 1).seconds())
                .toArray();
        Percentiles p = Percentiles.of(gaps);
        assertThat(p.p50())
                .as("half of all gaps of a Poisson process are shorter than ln 2 of the mean")
                .isCloseTo(Math.log(2) / 5, within(0.005));
        assertThat(Workload.synthetic(5, Double.POSITIVE_INFINITY, SOME, SOME, 0, 1)
                        .arrivals())
                .allMatch(arrival -> arrival.seconds() == 0);
    }

    @Test
    void theSameSeedGivesTheSameRequests() {
        Workload one = Workload.synthetic(50, 3, SOME, SOME, 20, 7);
        Workload two = Workload.synthetic(50, 3, SOME, SOME, 20, 7);
        assertThat(two).isEqualTo(one).isNotEqualTo(Workload.synthetic(50, 3, SOME, SOME, 20, 8));
        assertThat(two.promptIds(9, 300)).isEqualTo(one.promptIds(9, 300)).isNotEqualTo(one.promptIds(8, 300));
        assertThat(Arrays.copyOf(one.promptIds(3, 300), 20)).isEqualTo(Arrays.copyOf(one.promptIds(4, 300), 20));
        assertThat(one.promptIds(3, 300)).hasSize(one.arrivals().get(3).inputTokens());
    }

    @Test
    void lengthsAreDistributedAsTheirNameSays() {
        SplittableRandom random = new SplittableRandom(1);
        assertThat(LengthDistribution.parse("512").next(random)).isEqualTo(512);
        int[] uniform =
                IntStream.range(0, 20_000).map(i -> SOME.next(random)).sorted().toArray();
        assertThat(uniform[0]).isEqualTo(10);
        assertThat(uniform[10_000]).isCloseTo(50, within(2));
        assertThat(uniform[19_999]).isEqualTo(90);
        LengthDistribution logNormal = LengthDistribution.parse("lognormal:200,0.5,700");
        int[] lengths = IntStream.range(0, 20_000)
                .map(i -> logNormal.next(random))
                .sorted()
                .toArray();
        assertThat(lengths[10_000]).isCloseTo(200, within(6));
        assertThat(lengths[16_826]).as("one sigma").isCloseTo((int) (200 * Math.exp(0.5)), within(15));
        assertThat(lengths[19_999]).isEqualTo(700);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "-3",
                "uniform:9-3",
                "uniform:0-3",
                "lognormal:5",
                "lognormal:500,1,20",
                "12x",
                "99999999"
            })
    void lengthsThatMakeNoSenseAreRefused(String text) {
        assertThatThrownBy(() -> LengthDistribution.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTraceIsReadLineByLine(@TempDir Path temp) throws IOException {
        Path file = Files.writeString(temp.resolve("trace.jsonl"), """
                {"arrival": 2.5, "input_tokens": 30, "output_tokens": 4, "tenant": "a", "priority": -1}

                {"arrival": 0, "input_tokens": 8, "output_tokens": 1, "prefix": "p", "prefix_tokens": 5}
                """);
        assertThat(Workload.trace(file, 0).arrivals())
                .containsExactly(new Arrival(0, 8, 1, "p", 5, "", 0), new Arrival(2.5, 30, 4, "", 0, "a", -1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"arrival\": 0, \"input_tokens\": 8}|output_tokens must be in",
                "{\"input_tokens\": 8, \"output_tokens\": 1}|as \"arrival\", found nothing",
                "{\"arrival\": -1, \"input_tokens\": 8, \"output_tokens\": 1}|0 or more seconds",
                "{\"arrival\": 1e999, \"input_tokens\": 8, \"output_tokens\": 1}|0 or more seconds",
                "{\"arrival\": 0, \"input_tokens\": 1.5, \"output_tokens\": 1}|a whole number as \"input_tokens\"",
                "{\"arrival\": 0, \"input_tokens\": 8, \"output_tokens\": 1, \"prefix_tokens\": 9}|prefix_tokens must be in",
                "[]|a JSON object",
                "{|a JSON object"
            })
    void aLineThatMakesNoSenseIsNamed(String line, String message, @TempDir Path temp) throws IOException {
        Path file = Files.writeString(
                temp.resolve("trace"), "{\"arrival\": 0, \"input_tokens\": 8, \"output_tokens\": 1}\n" + line);
        assertThatThrownBy(() -> Workload.trace(file, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("trace:2: ")
                .hasMessageContaining(message);
    }

    @Test
    void percentilesAreNumbersThatOccur() {
        Percentiles p = Percentiles.of(
                IntStream.rangeClosed(1, 200).mapToDouble(i -> 201 - i).toArray());
        assertThat(p).isEqualTo(new Percentiles(200, 100.5, 100, 190, 198, 200));
        assertThat(Percentiles.of(new double[] {3})).isEqualTo(new Percentiles(1, 3, 3, 3, 3, 3));
        assertThat(Percentiles.of(new double[0])).isNull();
    }

    @Test
    void timesAddUp() {
        RequestTimes quick = new RequestTimes(new Arrival(0, 10, 3, "", 0, "", 0), 1_000_000_000);
        quick.tokens(1, 1_500_000_000);
        quick.tokens(2, 1_600_000_000);
        quick.completed(4);
        RequestTimes refused = new RequestTimes(new Arrival(0, 99, 3, "", 0, "", 0), 0);
        LatencySummary summary = LatencySummary.of(List.of(quick, refused));
        assertThat(summary.completed()).isOne();
        assertThat(summary.incomplete()).isOne();
        assertThat(summary.inputTokens()).isEqualTo(10);
        assertThat(summary.cachedTokens()).isEqualTo(4);
        assertThat(summary.outputTokens()).isEqualTo(3);
        assertThat(summary.timeToFirst().max()).isCloseTo(0.5, within(1e-9));
        assertThat(summary.betweenTokens().max()).isCloseTo(0.1, within(1e-9));
        assertThat(summary.betweenTokens().count()).isEqualTo(2);
        assertThat(summary.wholeRequest().mean()).isCloseTo(0.6, within(1e-9));
    }

    @Test
    void timesBetweenTokensAreToldApartByWhetherAnotherPromptWaited() {
        RequestTimes steady = request(0, 1, 2, 3, 4, 5, 6, 7);
        RequestTimes early = request(2.5, 2.6);
        RequestTimes late = request(4.5, 5.5);
        RequestTimes covered = request(4.6, 5.2);
        RequestTimes refused = new RequestTimes(new Arrival(0, 9, 9, "", 0, "", 0), 0);
        List<RequestTimes> run = List.of(late, steady, covered, refused, early);
        LatencySummary summary = LatencySummary.of(List.of(steady), run);
        assertThat(summary.besidePrompts().count()).isEqualTo(3); // 2 to 3, 4 to 5, 5 to 6
        assertThat(summary.withoutPrompts().count()).isEqualTo(3);
        assertThat(LatencySummary.of(List.of(steady)).besidePrompts()).isNull();
    }

    private static RequestTimes request(double start, double... tokens) {
        RequestTimes times = new RequestTimes(new Arrival(start, 9, 9, "", 0, "", 0), (long) (start * 1e9));
        for (double token : tokens) {
            times.tokens(1, (long) (token * 1e9));
        }
        times.completed(0);
        return times;
    }
}
