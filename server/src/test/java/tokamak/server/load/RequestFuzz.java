package tokamak.server.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import tokamak.server.TestServer;
import tokamak.server.http.HttpLimits;

/**
 * Sends requests that are wrong in every way a seed can think of, in bodies and in framing: none may be answered with a
 * failure of the server, hang, leave something running, or fill the log. {@code main} takes how many and a seed.
 */
public final class RequestFuzz {
    private static final int AT_ONCE = 48;
    private static final int ANSWER_MILLIS = 15_000;
    /** Long enough that a busy machine does not let a whole request come too late. */
    private static final Duration HEAD_TIMEOUT = Duration.ofSeconds(4);

    private static final Duration BODY_TIMEOUT = Duration.ofMillis(400);

    /** @param answers how many by status; "closed" where the server closed without one, as it may where framing is broken */
    record Outcome(Map<String, Integer> answers, Queue<String> failures, int logRecords) {}

    private RequestFuzz() {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
        long start = System.nanoTime();
        Outcome outcome = run(count, seed);
        System.out.printf(
                "%d requests in %.0f s: %s, %d log records, %d failures%n",
                count,
                (System.nanoTime() - start) / 1e9,
                outcome.answers(),
                outcome.logRecords(),
                outcome.failures().size());
        outcome.failures().stream().limit(20).forEach(System.out::println);
        System.exit(outcome.failures().isEmpty() ? 0 : 1);
    }

    static Outcome run(int count, long seed) throws Exception {
        HttpLimits limits = HttpLimits.defaults()
                .withMaxBodyBytes(1 << 16)
                .withTimeouts(HEAD_TIMEOUT, BODY_TIMEOUT, Duration.ofSeconds(5));
        AtomicInteger logged = new AtomicInteger();
        Handler counter = new CountingHandler(logged);
        Logger log = Logger.getLogger("tokamak");
        log.addHandler(counter);
        Map<String, Integer> answers = new ConcurrentHashMap<>();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        try (TestServer server =
                new TestServer(http -> http.withLimits(limits), config -> config.withQueueLimits(100_000, 1L << 40))) {
            SplittableRandom random = new SplittableRandom(seed);
            Semaphore room = new Semaphore(AT_ONCE);
            for (int i = 0; i < count; i++) {
                FuzzedRequest request = FuzzedRequest.of(random.split());
                room.acquire();
                Thread.startVirtualThread(() -> {
                    try {
                        answers.merge(answer(server, request, failures), 1, Integer::sum);
                    } finally {
                        room.release();
                    }
                });
            }
            room.acquire(AT_ONCE);
            checkAfterwards(server, failures);
        } finally {
            log.removeHandler(counter);
        }
        return new Outcome(new TreeMap<>(answers), failures, logged.get());
    }

    private static void checkAfterwards(TestServer server, Queue<String> failures) {
        TestServer.await("nothing runs", () -> server.stats().numOpenAnswers() == 0);
        TestServer.await("no request is open", () -> server.server.numOpenRequests() == 0);
        TestServer.await("no block is used", () -> server.stats().numKvBlocksUsed() == 0);
        String text = server.post("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 3, \"temperature\": 0}")
                .text();
        if (!text.equals("bcd")) {
            failures.add("a good request was answered with '" + text + "'");
        }
    }

    /** The status that a request is answered with. */
    private static String answer(TestServer server, FuzzedRequest request, Queue<String> failures) {
        try (Socket socket = new Socket("127.0.0.1", server.server.port())) {
            socket.setSoTimeout(ANSWER_MILLIS);
            send(socket, request);
            String status = readStatus(socket.getInputStream());
            if (status.startsWith("5") && !status.equals("501") && !status.equals("505")) {
                failures.add(status + " for " + request);
            }
            if (status.equals("closed") && !request.framingIsBroken()) {
                failures.add("no answer to " + request);
            }
            return status;
        } catch (SocketTimeoutException e) {
            failures.add("no end of the answer to " + request);
            return "hung";
        } catch (IOException e) {
            // The server may reset what it can't make sense of.
            if (!request.framingIsBroken()) {
                failures.add(e + " for " + request);
            }
            return "reset";
        }
    }

    private static void send(Socket socket, FuzzedRequest request) throws IOException {
        try {
            socket.getOutputStream().write(request.bytes());
        } catch (IOException e) {
            // It was refused before it was complete; the answer may be there.
            if (e instanceof SocketTimeoutException) {
                throw e;
            }
        }
    }

    /** Reads the answer to its end, which its own framing tells. */
    private static String readStatus(InputStream in) throws IOException {
        String head = readHead(in);
        while (head.startsWith("HTTP/1.1 100 ")) {
            head = readHead(in);
        }
        if (head.isEmpty()) {
            return "closed";
        }
        String lower = head.toLowerCase(java.util.Locale.ROOT);
        if (lower.contains("transfer-encoding: chunked")) {
            readChunks(in);
        } else if (lower.contains("content-length: ")) {
            int from = lower.indexOf("content-length: ") + 16;
            in.readNBytes(Integer.parseInt(lower.substring(from, lower.indexOf('\r', from))));
        }
        return head.split(" ", 3)[1];
    }

    private static void readChunks(InputStream in) throws IOException {
        for (int size = -1; size != 0; ) {
            String line = readLine(in);
            if (line.isEmpty()) {
                return; // cut off
            }
            size = Integer.parseInt(line.strip(), 16);
            in.readNBytes(size + 2);
        }
    }

    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            head.append(line);
            if (line.equals("\r\n")) {
                break;
            }
        }
        return head.toString();
    }

    private static String readLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            line.write(b);
            if (b == '\n') {
                break;
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    private static final class CountingHandler extends Handler {
        private final AtomicInteger count;

        CountingHandler(AtomicInteger count) {
            this.count = count;
        }

        @Override
        public void publish(LogRecord record) {
            count.incrementAndGet();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
