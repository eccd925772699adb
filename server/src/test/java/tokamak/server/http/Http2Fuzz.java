package tokamak.server.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import tokamak.server.TestServer;

/**
 * Speaks HTTP/2 wrongly in every way a seed can think of: frames that are cut, mutated, out of order, on streams that are not
 * there. Whatever comes, no handler fails, nothing stays open, and the next client is answered. {@code main} takes how many
 * connections and a seed.
 */
public final class Http2Fuzz {
    private static final int AT_ONCE = 32;
    private static final int MAX_FRAMES = 12;

    /** @param statuses of answers, by how many */
    record Outcome(Map<Integer, Integer> statuses, Queue<String> failures) {}

    private Http2Fuzz() {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
        long start = System.nanoTime();
        Outcome outcome = run(count, seed);
        System.out.printf(
                "%d connections in %.0f s: answers %s, %d failures%n",
                count,
                (System.nanoTime() - start) / 1e9,
                outcome.statuses(),
                outcome.failures().size());
        outcome.failures().stream().limit(20).forEach(System.out::println);
        System.exit(outcome.failures().isEmpty() ? 0 : 1);
    }

    static Outcome run(int count, long seed) throws Exception {
        HttpLimits limits = HttpLimits.defaults()
                .withMaxBodyBytes(1 << 12)
                .withTimeouts(Duration.ofMillis(300), Duration.ofMillis(200), Duration.ofMillis(300));
        Map<Integer, Integer> statuses = new ConcurrentSkipListMap<>();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger handled = new AtomicInteger();
        try (HttpServer server = HttpServer.start(
                HttpConfig.loopback(0).withLimits(limits),
                exchange -> answer(exchange, handled),
                (status, message) -> Response.text(status, message),
                (request, status, took) -> statuses.merge(status, 1, Integer::sum))) {
            SplittableRandom random = new SplittableRandom(seed);
            Semaphore room = new Semaphore(AT_ONCE);
            for (int i = 0; i < count; i++) {
                SplittableRandom own = random.split();
                room.acquire();
                Thread.startVirtualThread(() -> {
                    try {
                        talk(server.port(), own);
                    } finally {
                        room.release();
                    }
                });
            }
            room.acquire(AT_ONCE);
            checkAfterwards(server, failures);
        }
        statuses.keySet().stream()
                .filter(status -> status >= 500 && status != 503)
                .forEach(status -> failures.add("answers with " + status));
        if (handled.get() == 0) {
            failures.add("no request reached a handler");
        }
        return new Outcome(statuses, failures);
    }

    private static void answer(Exchange exchange, AtomicInteger handled) {
        handled.incrementAndGet();
        if (exchange.request().path().equals("/events")) {
            EventStream events = exchange.events(Map::of);
            for (int i = 0; i < 20; i++) {
                events.send(new byte[100]);
            }
            events.end();
        } else {
            exchange.respond(Response.text(200, exchange.request().method()));
        }
    }

    private static void checkAfterwards(HttpServer server, Queue<String> failures) throws Exception {
        TestServer.await("nothing stays open", () -> server.numOpenRequests() == 0 && server.numConnections() == 0);
        TestServer.await("all bodies are given back", () -> server.bodies().used() == 0);
        try (Http2Wire wire = new Http2Wire(server.port(), 1 << 16)) {
            wire.post(1, "/", "x");
            Http2Wire.Answer answer = wire.answer(1);
            if (!answer.body().equals("POST")) {
                failures.add("a good request was answered with " + answer);
            }
        }
    }

    /** Sends some frames, good and bad, and listens a moment, or hangs up at once. */
    private static void talk(int port, SplittableRandom random) {
        try (Http2Wire wire = new Http2Wire(port, random.nextInt(1 << 17))) {
            List<byte[]> frames = new ArrayList<>();
            int count = 1 + random.nextInt(MAX_FRAMES);
            for (int i = 0; i < count; i++) {
                frames.add(frame(random));
            }
            if (random.nextInt(4) == 0) {
                mutate(frames.get(random.nextInt(count)), random);
            }
            for (byte[] frame : frames) {
                wire.send(frame);
            }
            for (int i = random.nextInt(12); i > 0 && wire.read().isPresent(); i--) {
                // What the server says does not matter here; that it goes on living does.
            }
        } catch (IOException closed) {
            // As it should be where the client breaks the rules.
        }
    }

    private static byte[] frame(SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            return Http2Wire.frame(
                    Http2Wire.HEADERS,
                    Http2Wire.END_HEADERS | Http2Wire.END_STREAM,
                    1 + 2 * random.nextInt(40),
                    fields(random));
        }
        int stream = random.nextInt(5) == 0 ? random.nextInt(20) : 1 + 2 * random.nextInt(6);
        int flags = random.nextInt(3) == 0
                ? random.nextInt(256)
                : Http2Wire.END_HEADERS | random.nextInt(2) * Http2Wire.END_STREAM;
        return switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> Http2Wire.frame(Http2Wire.HEADERS, flags, stream, fields(random));
            case 4, 5 -> Http2Wire.frame(Http2Wire.DATA, flags & 9, stream, bytes(random, random.nextInt(3000)));
            case 6 -> Http2Wire.frame(Http2Wire.RESET, 0, stream, bytes(random, 4));
            case 7 -> Http2Wire.frame(Http2Wire.WINDOW_UPDATE, 0, random.nextInt(8), bytes(random, 4));
            case 8 -> Http2Wire.frame(Http2Wire.CONTINUATION, flags, stream, fields(random));
            default -> Http2Wire.frame(random.nextInt(12), flags, random.nextInt(8), bytes(random, random.nextInt(40)));
        };
    }

    private static byte[] fields(SplittableRandom random) {
        List<String> fields = new ArrayList<>(List.of(
                ":method", often(random, "POST", "GET", "HEAD", "CONNECT", "G T", ""),
                ":scheme", often(random, "http", "x"),
                ":path", often(random, "/events", "/", "/%zz", "", "*", "no-slash")));
        for (int i = Math.max(0, random.nextInt(8) - 4); i > 0; i--) {
            fields.add(
                    pick(random, "x", "content-length", "expect", "connection", "X-Upper", ":path", ":odd", "te", ""));
            fields.add(pick(
                    random, "1", "-1", "100-continue", "close", "a".repeat(random.nextInt(20_000)), "\r\n", "\u0000"));
        }
        return Http2Wire.fields(fields.toArray(String[]::new));
    }

    /** The first mostly, so that many requests get as far as to a handler. */
    private static String often(SplittableRandom random, String first, String... others) {
        return random.nextInt(4) > 0 ? first : pick(random, others);
    }

    private static String pick(SplittableRandom random, String... from) {
        return from[random.nextInt(from.length)];
    }

    private static byte[] bytes(SplittableRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Changes some bytes, and lengths with them where they lie in a frame's head. */
    private static void mutate(byte[] frame, SplittableRandom random) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            frame[random.nextInt(random.nextBoolean() ? Math.min(9, frame.length) : frame.length)] =
                    (byte) random.nextInt(256);
        }
    }
}
