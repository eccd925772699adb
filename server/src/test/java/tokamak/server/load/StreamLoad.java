package tokamak.server.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import tokamak.EngineConfig;
import tokamak.TestEngines;
import tokamak.server.TestServer;

/**
 * Many streams at once over a model that keeps all cores busy: how long after the engine has made a token does its event
 * reach the client, and does every event come, in order? {@code main} takes the model, the number of streams and the tokens
 * of each.
 */
public final class StreamLoad {
    private static final int MAX_STEP_TOKENS = 2048;

    private StreamLoad() {}

    record Result(
            int streams,
            int failed,
            int disordered,
            int incomplete,
            long events,
            double seconds,
            double stepMillis,
            double cpuSeconds,
            double p50,
            double p95,
            double p99,
            double max,
            String cpuPerToken,
            List<String> errors) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d streams: %d failed, %d out of order, %d incomplete; %d tokens in %.1f s, %.1f ms per step,"
                            + " %.1f s of CPU; behind the engine p50 %.1f p95 %.1f p99 %.1f max %.1f ms; CPU us per token: %s%s",
                    streams,
                    failed,
                    disordered,
                    incomplete,
                    events,
                    seconds,
                    stepMillis,
                    cpuSeconds,
                    p50,
                    p95,
                    p99,
                    max,
                    cpuPerToken,
                    errors.isEmpty() ? "" : "; " + errors.getFirst());
        }
    }

    public static void main(String[] args) throws Exception {
        Path model = Path.of(args[0]);
        int streams = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
        int tokens = args.length > 2 ? Integer.parseInt(args[2]) : 100;
        int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 3;
        for (int i = 0; i < rounds; i++) {
            System.out.println(run(model, streams, tokens));
        }
        System.exit(0);
    }

    private static String perToken(Map<String, Double> before, Map<String, Double> after, long tokens) {
        StringBuilder text = new StringBuilder();
        after.forEach((kind, seconds) -> text.append(String.format(
                Locale.ROOT,
                "%s %.1f  ",
                kind,
                (seconds - before.getOrDefault(kind, 0.0)) * 1e6 / Math.max(1, tokens))));
        return text.toString();
    }

    static Result run(Path model, int streams, int tokens) throws Exception {
        EngineConfig config = EngineConfig.of(model)
                .withBatchLimits(streams, MAX_STEP_TOKENS)
                .withQueueLimits(2 * streams, 1 << 24)
                .withKvCacheMemoryBytes(1L << 30)
                .withMaxSlowdown(Double.POSITIVE_INFINITY);
        StepLetterModel letters = new StepLetterModel(TestEngines.model(config));
        try (TestServer server = new TestServer(TestEngines.onBytes(letters, config))) {
            return read(letters, server.server.port(), streams, tokens);
        }
    }

    private static Result read(StepLetterModel letters, int port, int streams, int tokens) throws Exception {
        CountDownLatch ended = new CountDownLatch(streams);
        List<StreamReader> readers = new ArrayList<>();
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        long cpu = cpuNanos();
        Map<String, Double> before = ThreadTimes.read();
        long start = System.nanoTime();
        try {
            for (int i = 0; i < streams; i++) {
                StreamReader reader = new StreamReader(request(i, tokens), tokens, ended);
                readers.add(reader);
                new Bootstrap()
                        .group(loop)
                        .channel(NioSocketChannel.class)
                        .handler(new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline().addLast(reader);
                            }
                        })
                        .connect("127.0.0.1", port);
            }
            boolean all = ended.await(180, TimeUnit.SECONDS);
            double seconds = (System.nanoTime() - start) / 1e9;
            String perToken = perToken(before, ThreadTimes.read(), (long) streams * tokens);
            return result(letters, readers, tokens, all, seconds, (cpuNanos() - cpu) / 1e9, perToken);
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    private static String request(int i, int tokens) {
        String json = "{\"prompt\": \"stream " + i + "\", \"max_tokens\": " + tokens
                + ", \"temperature\": 0, \"stream\": true, \"ignore_eos\": true}";
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + json.length() + "\r\n\r\n"
                + json;
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static Result result(
            StepLetterModel model,
            List<StreamReader> readers,
            int tokens,
            boolean all,
            double seconds,
            double cpuSeconds,
            String cpuPerToken) {
        List<String> errors = new ArrayList<>();
        if (!all) {
            errors.add("not all streams ended");
        }
        int disordered = 0;
        int incomplete = 0;
        int failed = 0;
        double[] lags = new double[readers.size() * tokens];
        int numLags = 0;
        for (StreamReader reader : readers) {
            if (!reader.error.isEmpty()) {
                failed++;
                errors.add(reader.error);
            }
            incomplete += reader.numLetters == tokens ? 0 : 1;
            int step = firstStep(model, reader);
            for (int i = 0; i < Math.min(tokens, reader.numLetters); i++) {
                if (reader.letters[i]
                        != StepLetterModel.LETTERS.charAt((step + i) % StepLetterModel.LETTERS.length())) {
                    disordered++;
                    break;
                }
                lags[numLags++] = (reader.nanos[i] - model.stepEndNanos(step + i)) / 1e6;
            }
        }
        lags = Arrays.copyOf(lags, numLags);
        Arrays.sort(lags);
        int steps = model.numSteps();
        double stepMillis = (model.stepEndNanos(steps - 1) - model.stepEndNanos(0)) / 1e6 / Math.max(1, steps - 1);
        return new Result(
                readers.size(),
                failed,
                disordered,
                incomplete,
                numLags,
                seconds,
                stepMillis,
                cpuSeconds,
                at(lags, 0.5),
                at(lags, 0.95),
                at(lags, 0.99),
                at(lags, 1),
                cpuPerToken,
                errors);
    }

    /** The last step before the first letter came that has this letter. */
    private static int firstStep(StepLetterModel model, StreamReader reader) {
        int step = 0;
        for (int s = 0; s < model.numSteps() && model.stepEndNanos(s) <= reader.nanos[0]; s++) {
            if (StepLetterModel.LETTERS.charAt(s % StepLetterModel.LETTERS.length()) == reader.letters[0]) {
                step = s;
            }
        }
        return step;
    }

    private static double at(double[] sorted, double share) {
        return sorted.length == 0
                ? Double.NaN
                : sorted[(int) Math.min(sorted.length - 1L, (long) (share * sorted.length))];
    }
}
