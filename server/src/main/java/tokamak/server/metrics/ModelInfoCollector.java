package tokamak.server.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.function.Supplier;

/** An info metric whose labels are asked for at every scrape. @param name without {@code _info} */
record ModelInfoCollector(String name, String help, Supplier<List<Labels>> infos) implements Collector {
    @Override
    public MetricSnapshot collect() {
        return new InfoSnapshot(
                new MetricMetadata(name, help),
                infos.get().stream().map(InfoDataPointSnapshot::new).toList());
    }

    @Override
    public String getPrometheusName() {
        return name;
    }
}
