package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.ContextLengthException;
import tokamak.workload.Arrival;
import tokamak.workload.LengthDistribution;
import tokamak.workload.Workload;

@Timeout(60)
class ServeBenchmarkTest {
    private static final BenchOptions.Subject TINY = new BenchOptions.Subject.Shape("tiny", "Q8_0");
    private static final EngineConfig CONFIG =
            EngineConfig.of(Path.of("tiny")).withMaxModelLen(256).withKvCacheMemoryBytes(8 << 20);

    @Test
    void everyTokenIsCounted() {
        Workload workload = new Workload(
                List.of(
                        new Arrival(0, 40, 5, "p", 32, "a", 0),
                        new Arrival(0.05, 60, 7, "p", 32, "b", 0),
                        new Arrival(0, 20, 1, "", 0, "b", 0)),
                3);
        ServeBenchReport report = ServeBenchmark.run(TINY, CONFIG, workload, 2, sent -> {});
        assertThat(report.all().completed()).isEqualTo(3);
        assertThat(report.all().inputTokens()).isEqualTo(120);
        assertThat(report.all().outputTokens()).isEqualTo(13);
        assertThat(report.cachedTokens()).isEqualTo(32);
        assertThat(report.all().cachedTokens()).isEqualTo(32);
        assertThat(report.tenants()).containsOnlyKeys("a", "b");
        assertThat(report.tenants().get("b").outputTokens()).isEqualTo(8);
        assertThat(report.all().betweenTokens().count()).isEqualTo(4 + 6);
        assertThat(report.steps()).isGreaterThanOrEqualTo(7);
        assertThat(report.rejected()).isZero();
    }

    @Test
    void whatCanNotFitIsSaidBeforeAnythingIsMeasured() {
        LengthDistribution length = new LengthDistribution.Fixed(200);
        Workload workload = Workload.synthetic(3, 10, length, length, 0, 0);
        assertThatThrownBy(() -> ServeBenchmark.run(TINY, CONFIG, workload, 1, sent -> {}))
                .isInstanceOf(ContextLengthException.class)
                .hasMessageContaining("256");
    }
}
