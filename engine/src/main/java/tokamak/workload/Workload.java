package tokamak.workload;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Requests in the order in which they arrive. The same for the same seed. */
public record Workload(List<Arrival> arrivals, long seed) {
    private static final int MOST_REQUESTS = 1_000_000;
    private static final int MOST_LINE_CHARS = 1 << 16;
    private static final JsonMapper JSON = new JsonMapper();

    public Workload {
        arrivals = arrivals.stream()
                .sorted(Comparator.comparingDouble(Arrival::seconds))
                .toList();
        if (arrivals.isEmpty() || arrivals.size() > MOST_REQUESTS) {
            throw new IllegalArgumentException(
                    "expected 1 to " + MOST_REQUESTS + " requests, found " + arrivals.size());
        }
    }

    /**
     * Requests that come one by one at random (a Poisson process).
     *
     * @param rate requests per second on average; infinite: all at once
     * @param sharedPrefix tokens that all prompts begin with, in addition to their length
     */
    public static Workload synthetic(
            int numRequests,
            double rate,
            LengthDistribution input,
            LengthDistribution output,
            int sharedPrefix,
            long seed) {
        if (!(rate > 0)) {
            throw new IllegalArgumentException("request rate must be more than 0, or inf, found " + rate);
        }
        if (numRequests < 1
                || numRequests > MOST_REQUESTS
                || sharedPrefix < 0
                || sharedPrefix > LengthDistribution.MOST) {
            throw new IllegalArgumentException("expected 1 to " + MOST_REQUESTS + " requests with 0 or more tokens of"
                    + " shared prefix, found " + numRequests + " and " + sharedPrefix);
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<Arrival> arrivals = new ArrayList<>();
        double seconds = 0;
        for (int i = 0; i < numRequests; i++) {
            int inputTokens = sharedPrefix + input.next(random);
            arrivals.add(new Arrival(seconds, inputTokens, output.next(random), "shared", sharedPrefix, "", 0));
            seconds += Double.isInfinite(rate) ? 0 : -Math.log(1 - random.nextDouble()) / rate;
        }
        return new Workload(arrivals, seed);
    }

    /**
     * Reads a file of one JSON object a line: {@code arrival} (seconds), {@code input_tokens}, {@code output_tokens}, and if
     * wanted {@code prefix} (a name), {@code prefix_tokens}, {@code tenant} and {@code priority}.
     *
     * @throws IllegalArgumentException naming the line that is something else
     */
    public static Workload trace(Path file, long seed) throws IOException {
        List<Arrival> arrivals = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 1;
            for (String line = reader.readLine(); line != null; line = reader.readLine(), number++) {
                if (line.isBlank()) {
                    continue;
                }
                if (line.length() > MOST_LINE_CHARS || arrivals.size() == MOST_REQUESTS) {
                    throw new IllegalArgumentException(file + ":" + number + ": the line or the file is too long");
                }
                try {
                    arrivals.add(arrival(JSON.readTree(line)));
                } catch (JacksonException e) {
                    throw new IllegalArgumentException(
                            file + ":" + number + ": expected a JSON object, found " + e.getOriginalMessage(), e);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(file + ":" + number + ": " + e.getMessage(), e);
                }
            }
        }
        return new Workload(arrivals, seed);
    }

    private static Arrival arrival(JsonNode object) {
        if (!object.isObject()) {
            throw new IllegalArgumentException("expected a JSON object, found " + object.getNodeType());
        }
        JsonNode seconds = object.path("arrival");
        if (!seconds.isNumber()) {
            throw new IllegalArgumentException("expected a number of seconds as \"arrival\", found " + shown(seconds));
        }
        int inputTokens = integer(object, "input_tokens", 0);
        boolean named = object.path("prefix").isString();
        return new Arrival(
                seconds.asDouble(),
                inputTokens,
                integer(object, "output_tokens", 0),
                named ? object.path("prefix").asString() : "",
                integer(object, "prefix_tokens", 0),
                object.path("tenant").isString() ? object.path("tenant").asString() : "",
                integer(object, "priority", 0));
    }

    private static int integer(JsonNode object, String name, int fallback) {
        JsonNode value = object.path(name);
        if (value.isMissingNode()) {
            return fallback;
        }
        if (!value.isInt()) {
            throw new IllegalArgumentException("expected a whole number as \"" + name + "\", found " + shown(value));
        }
        return value.asInt();
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "nothing" : value.toString();
    }

    /**
     * The prompt of a request as token ids: those of its prefix, then its own.
     *
     * @param index of the request in {@link #arrivals}
     * @param numTokens ids are 0 to this, exclusive
     */
    public int[] promptIds(int index, int numTokens) {
        Arrival arrival = arrivals.get(index);
        int[] ids = new SplittableRandom(seed ^ (0x9E3779B97F4A7C15L * (index + 1L)))
                .ints(arrival.inputTokens(), 0, numTokens)
                .toArray();
        int[] prefix = new SplittableRandom(seed ^ arrival.prefix().hashCode())
                .ints(arrival.prefixTokens(), 0, numTokens)
                .toArray();
        System.arraycopy(prefix, 0, ids, 0, prefix.length);
        return ids;
    }
}
