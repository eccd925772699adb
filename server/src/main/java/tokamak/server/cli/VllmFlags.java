package tokamak.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Flags of {@code vllm serve} that are understood but do not act: command lines made for it work, and nothing is silent. */
final class VllmFlags {
    private static final Map<String, String> VALUES = values();
    private static final Map<String, String> SWITCHES = switches();

    private VllmFlags() {}

    private static Map<String, String> values() {
        Map<String, String> flags = new TreeMap<>();
        flags.put("--dtype", "weights are computed with as they are stored");
        flags.put("--load-format", "the format is found out from the files");
        flags.put("--tokenizer-mode", "there is one tokenizer");
        flags.put("--tokenizer", "the model's own tokenizer is used");
        flags.put("--revision", "models are files here");
        flags.put("--download-dir", "models are files here");
        flags.put("--gpu-memory-utilization", "the model runs on the processor; see --kv-cache-memory-bytes");
        flags.put("--swap-space", "what is preempted is computed again");
        flags.put("--cpu-offload-gb", "the model runs on the processor");
        flags.put("--scheduling-policy", "requests are served by priority, and in order where it is the same");
        flags.put("--seed", "requests without a seed get a fresh one each");
        flags.put("--distributed-executor-backend", "there is one process");
        flags.put("--stream-interval", "every token is sent at once");
        flags.put("--uvicorn-log-level", "see --access-log");
        flags.put("--chat-template-content-format", "parts of messages become text");
        flags.put("--guided-decoding-backend", "there is one");
        flags.put("--max-logprobs", "the limit is 100");
        flags.put("--prefix-caching-hash-algo", "it is sha256");
        flags.put("--compilation-config", "nothing is compiled ahead");
        flags.put("--api-server-count", "there is one process, with as many threads as it needs");
        flags.put("--allowed-methods", "the allowed origins may use every method");
        flags.put("--allowed-headers", "the allowed origins may send every header");
        flags.put("--log-config-file", "see --access-log");
        flags.put("--max-log-len", "prompts are not logged");
        flags.put("--response-role", "answers come from the assistant");
        flags.put("--ssl-ciphers", "those that browsers accept today are used");
        flags.put("--h11-max-incomplete-event-size", "headers may have 16 KiB; see --max-body-bytes for bodies");
        flags.put("--h11-max-header-count", "headers may have 16 KiB together");
        flags.put("--middleware", "no code of others is run");
        flags.put("--tool-parser-plugin", "no code of others is run; see --tool-call-parser");
        flags.put(
                "--otlp-traces-endpoint",
                "OpenTelemetry's Java agent sends the spans: TOKAMAK_JAVA_OPTS=-javaagent:opentelemetry-javaagent.jar"
                        + " OTEL_EXPORTER_OTLP_ENDPOINT=URL");
        flags.put("--collect-detailed-traces", "see --otlp-traces-endpoint");
        flags.put("--show-hidden-metrics-for-version", "old names are always shown");
        return flags;
    }

    private static Map<String, String> switches() {
        Map<String, String> flags = new TreeMap<>();
        flags.put("--enable-auto-tool-choice", "models may always call functions");
        flags.put("--enable-reasoning", "see --reasoning-parser");
        flags.put("--enforce-eager", "nothing is compiled ahead");
        flags.put("--enable-chunked-prefill", "it is always on");
        flags.put("--async-scheduling", "there is one way to schedule");
        flags.put("--trust-remote-code", "no code of models is ever run");
        flags.put("--disable-log-requests", "requests are not logged");
        flags.put("--disable-log-stats", "see /metrics");
        flags.put("--disable-uvicorn-access-log", "it is off; see --access-log");
        flags.put("--enable-prompt-tokens-details", "they are always given");
        flags.put("--enable-server-load-tracking", "it is always on");
        flags.put("--enable-request-id-headers", "x-request-id is always sent");
        flags.put("--enable-ssl-refresh", "certificates are always read again when they change");
        flags.put("--enable-log-outputs", "answers are not logged; see --access-log");
        flags.put("--disable-fastapi-docs", "there are none");
        flags.put("--disable-frontend-multiprocessing", "there is one process");
        flags.put("--allow-credentials", "no cookies are used; keys come in the authorization header");
        flags.put("--enable-tokenizer-info-endpoint", "see tokamak inspect");
        flags.put("--headless", "the server listens where --host and --port say");
        flags.put("--enable-sleep-mode", "see --admin-port");
        flags.put("--enable-log-requests", "what is asked and answered is never logged; see --access-log");
        flags.put("--enable-mfu-metrics", "there are none");
        flags.put("--kv-cache-metrics", "there are none");
        return flags;
    }

    /** Parallelism that can't be served yet: 1 is what there is. */
    private static List<String> sizes() {
        return List.of(
                "--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp", "--data-parallel-size", "-dp");
    }

    static CommandLine addTo(CommandLine serve) {
        Stream.concat(VALUES.keySet().stream(), sizes().stream())
                .forEach(name -> serve.getCommandSpec()
                        .addOption(OptionSpec.builder(name)
                                .type(String.class)
                                .arity("1")
                                .hidden(true)
                                .build()));
        SWITCHES.keySet()
                .forEach(name -> serve.getCommandSpec()
                        .addOption(OptionSpec.builder(name)
                                .type(boolean.class)
                                .arity("0")
                                .negatable(true)
                                .hidden(true)
                                .build()));
        return serve;
    }

    /**
     * What to tell the user about the flags that were given.
     *
     * @throws CliFailure for one that asks for what can't be done
     */
    static List<String> notes(ParseResult parsed) {
        for (String name : sizes()) {
            String size = parsed.matchedOptionValue(name, "1");
            if (!size.equals("1")) {
                throw new CliFailure(name + " " + size + " can't be served: models run on one processor; leave it out");
            }
        }
        List<String> notes = new ArrayList<>();
        Stream.of(VALUES, SWITCHES)
                .forEach(flags -> flags.forEach((name, reason) -> {
                    if (parsed.hasMatchedOption(name)) {
                        notes.add(name + " has no effect: " + reason);
                    }
                }));
        return notes;
    }

    /** vLLM takes lists as JSON too: {@code ["https://a", "https://b"]}. */
    static List<String> list(List<String> values) {
        if (values.size() != 1 || !values.getFirst().startsWith("[")) {
            return values;
        }
        return Stream.of(values.getFirst().replaceAll("[\\[\\]\"\\s]", "").split(","))
                .filter(value -> !value.isEmpty())
                .toList();
    }
}
