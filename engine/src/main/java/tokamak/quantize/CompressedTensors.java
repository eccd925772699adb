package tokamak.quantize;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The settings that compressed-tensors leaves in {@code config.json}. */
final class CompressedTensors {
    private CompressedTensors() {}

    /** @param groupSize 0: none */
    static Map<String, Object> numbers(String type, int bits, String strategy, int groupSize, boolean dynamic) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("num_bits", bits);
        numbers.put("type", type);
        numbers.put("symmetric", true);
        numbers.put("strategy", strategy);
        numbers.put("dynamic", dynamic);
        numbers.put("group_size", groupSize == 0 ? null : groupSize);
        numbers.put("actorder", null);
        return numbers;
    }

    /** @param activations null: not quantised */
    static Map<String, Object> config(
            String format,
            Map<String, Object> weights,
            @Nullable Map<String, Object> activations,
            Set<String> plainModules) {
        Map<String, Object> group = new LinkedHashMap<>();
        group.put("targets", List.of("Linear"));
        group.put("weights", weights);
        group.put("input_activations", activations);
        group.put("output_activations", null);
        Set<String> ignored = new TreeSet<>(plainModules);
        ignored.add("lm_head"); // also where it is the embedding
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("quant_method", "compressed-tensors");
        config.put("format", format);
        config.put("quantization_status", "compressed");
        config.put("ignore", List.copyOf(ignored));
        config.put("kv_cache_scheme", null);
        config.put("global_compression_ratio", null);
        config.put("config_groups", Map.of("group_0", group));
        return config;
    }
}
