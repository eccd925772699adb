package tokamak.server.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import tokamak.EngineStats;

/** How many tokens steps computed, as a histogram that the engines keep. */
record StepSizes(List<ServerMetrics.Source> sources) implements Collector {
    private static final String NAME = "vllm:iteration_tokens_total";
    private static final double[] BOUNDS = DoubleStream.concat(
                    EngineStats.STEP_SIZE_BOUNDS.stream().mapToDouble(Integer::doubleValue),
                    DoubleStream.of(Double.POSITIVE_INFINITY))
            .toArray();

    @Override
    public MetricSnapshot collect() {
        return new HistogramSnapshot(
                new MetricMetadata(NAME, "Tokens computed in a step."),
                sources.stream().flatMap(StepSizes::point).toList());
    }

    private static Stream<HistogramDataPointSnapshot> point(ServerMetrics.Source source) {
        return source.reading().get().map(ServerMetrics.Reading::stats).stream()
                .map(stats -> new HistogramDataPointSnapshot(
                        ClassicHistogramBuckets.of(BOUNDS, stats.stepSizes().toArray(Long[]::new)),
                        stats.numComputedTokens(),
                        Labels.of("model_name", source.model(), "engine", RequestHistograms.ENGINE),
                        Exemplars.EMPTY,
                        0));
    }

    @Override
    public String getPrometheusName() {
        return NAME;
    }
}
