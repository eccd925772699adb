package tokamak.server.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tokamak.workload.Arrival;
import tokamak.workload.RequestTimes;
import tokamak.workload.Workload;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Sends streamed completions to a server and notes when their tokens come. */
final class LoadClient implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String DATA = "data:";
    private static final Duration TIMEOUT = Duration.ofMinutes(30);
    private static final int MAX_ERRORS = 10;
    private static final String[] WORDS = {"the", "of", "and", "to", "in", "is", "it", "you", "that", "he", "was", "for"
    };

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final String baseUrl;
    private final Optional<String> apiKey;
    private final LoadEndpoint endpoint;
    private final boolean ignoreEos;

    /** @param errors of requests that failed, a few; the times of those are there too, not completed */
    record Outcome(List<RequestTimes> requests, double seconds, List<String> errors) {}

    /** @param baseUrl with or without {@code /v1} */
    LoadClient(String baseUrl, Optional<String> apiKey, LoadEndpoint endpoint, boolean ignoreEos) {
        this.baseUrl = baseUrl.replaceFirst("/+$", "").replaceFirst("/v1$", "");
        this.apiKey = apiKey;
        this.endpoint = endpoint;
        this.ignoreEos = ignoreEos;
    }

    private HttpRequest.Builder request(String path) {
        try {
            HttpRequest.Builder builder =
                    HttpRequest.newBuilder(URI.create(baseUrl + path)).timeout(TIMEOUT);
            apiKey.ifPresent(key -> builder.header("authorization", "Bearer " + key));
            return builder;
        } catch (IllegalArgumentException e) {
            throw new CliFailure("--base-url must be such as http://127.0.0.1:8000, found '" + baseUrl + "'");
        }
    }

    /** @throws CliFailure if the server does not say */
    String firstModel() throws InterruptedException {
        try {
            HttpResponse<String> answer =
                    client.send(request("/v1/models").build(), HttpResponse.BodyHandlers.ofString());
            String id = answer.statusCode() == 200
                    ? JSON.readTree(answer.body()).at("/data/0/id").asString("")
                    : "";
            if (id.isEmpty()) {
                throw new CliFailure(baseUrl + "/v1/models names no model (status " + answer.statusCode()
                        + "); give --model, or --api-key if the server wants one");
            }
            return id;
        } catch (IOException | JacksonException e) {
            throw new CliFailure("there is no server at " + baseUrl + ": " + e);
        }
    }

    Outcome run(String model, Workload workload, int maxConcurrency) throws InterruptedException {
        ConcurrentLinkedQueue<String> errors = new ConcurrentLinkedQueue<>();
        List<RequestTimes> times = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        Semaphore room = new Semaphore(maxConcurrency);
        SplittableRandom random = new SplittableRandom(workload.seed());
        long start = System.nanoTime();
        for (Arrival arrival : workload.arrivals()) {
            String body = body(model, arrival, random.split());
            long due = start + (long) (arrival.seconds() * 1e9);
            Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
            room.acquire();
            RequestTimes each = new RequestTimes(arrival, System.nanoTime());
            times.add(each);
            threads.add(Thread.startVirtualThread(() -> {
                try {
                    send(body, each);
                } catch (IOException | InterruptedException | RuntimeException e) {
                    errors.add(String.valueOf(e.getMessage()));
                } finally {
                    room.release();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Outcome(
                times, seconds, errors.stream().distinct().limit(MAX_ERRORS).toList());
    }

    /** Short words are a token each in most vocabularies; other servers' tokenizers are not known here. */
    private String body(String model, Arrival arrival, SplittableRandom random) {
        String own = random.ints(arrival.inputTokens() - arrival.prefixTokens(), 0, WORDS.length)
                .mapToObj(i -> WORDS[i])
                .collect(Collectors.joining(" "));
        String shared =
                Stream.generate(() -> WORDS[0]).limit(arrival.prefixTokens()).collect(Collectors.joining(" "));
        ObjectNode body = JsonNodeFactory.instance
                .objectNode()
                .put("model", model)
                .put("max_tokens", arrival.outputTokens())
                .put("stream", true);
        endpoint.put(body, (shared + " " + own).strip());
        body.putObject("stream_options").put("include_usage", true);
        if (ignoreEos) {
            body.put("ignore_eos", true);
        }
        return body.toString();
    }

    private void send(String body, RequestTimes times) throws IOException, InterruptedException {
        HttpRequest post = request(endpoint.path())
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<Stream<String>> answer = client.send(post, HttpResponse.BodyHandlers.ofLines());
        try (Stream<String> lines = answer.body()) {
            if (answer.statusCode() != 200) {
                throw new IOException(
                        "status " + answer.statusCode() + ": " + lines.limit(5).collect(Collectors.joining(" ")));
            }
            int[] cached = {-1};
            lines.filter(line -> line.startsWith(DATA)).forEach(line -> {
                long now = System.nanoTime();
                String data = line.substring(DATA.length()).strip();
                if (!data.equals("[DONE]")) {
                    cached[0] = read(JSON.readTree(data), times, now, cached[0]);
                } else {
                    times.completed(Math.max(0, cached[0]));
                }
            });
            if (!times.isCompleted()) {
                throw new IOException("the stream ended without [DONE]");
            }
        } catch (JacksonException e) {
            throw new IOException("an event is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** @return prompt tokens found in the server's cache, if the event tells, otherwise what was known */
    private int read(JsonNode event, RequestTimes times, long now, int cached) {
        if (event.has("error")) {
            throw new IllegalStateException(event.at("/error/message").asString("an error without a message"));
        }
        JsonNode usage = event.path("usage");
        if (endpoint.hasText(event)) {
            times.tokens(1, now);
        }
        // Several tokens may come in an event, and some have no text: what the server counts in the end is right.
        times.raiseTo(usage.path("completion_tokens").asInt(0));
        return usage.isObject()
                ? usage.at("/prompt_tokens_details/cached_tokens").asInt(0)
                : cached;
    }

    @Override
    public void close() {
        client.close();
    }
}
