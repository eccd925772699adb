package tokamak.server.load;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.EngineStats;
import tokamak.server.TestServer;
import tokamak.server.access.Access;
import tokamak.server.http.HttpConfig;
import tokamak.server.openai.ApiServer;
import tokamak.server.openai.ServedModel;
import tokamak.server.openai.ServedModels;

/**
 * How long after many clients have vanished in the middle of their streams nothing runs any more and every block is free.
 * {@code main} takes the model and the number of clients.
 */
public final class VanishTime {
    private static final int ROUNDS = 4;

    private VanishTime() {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 1 ? Integer.parseInt(args[1]) : 200;
        EngineConfig config = EngineConfig.of(Path.of(args[0]))
                .withBatchLimits(count, 2048)
                .withQueueLimits(2 * count, 1 << 24)
                .withPrefixCaching(false);
        Engine engine = Engine.open(config);
        ServedModel served = new ServedModel(engine, List.of("m"), engine.samplingDefaults(), Instant.now());
        try (ApiServer server = ApiServer.start(
                HttpConfig.loopback(0),
                new ServedModels(List.of(served)),
                new ApiServer.Options("1", Access.open(), false))) {
            for (int i = 0; i < ROUNDS; i++) {
                System.out.println(round(engine, server, count));
            }
        }
        System.exit(0);
    }

    private static String round(Engine engine, ApiServer server, int count) throws IOException {
        List<Socket> clients = new ArrayList<>();
        String json = "{\"prompt\": \"Once\", \"max_tokens\": 1000, \"ignore_eos\": true, \"stream\": true}";
        byte[] request = ("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + json.length() + "\r\n\r\n"
                        + json)
                .getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < count; i++) {
            Socket client = new Socket("127.0.0.1", server.port());
            client.getOutputStream().write(request);
            clients.add(client);
        }
        TestServer.await("all run", () -> engine.stats().numRequestsRunning() == count);
        for (Socket client : clients) {
            client.getInputStream().read();
        }
        long start = System.nanoTime();
        for (Socket client : clients) {
            client.close();
        }
        long closed = System.nanoTime();
        TestServer.await("nothing runs", () -> engine.stats().numRequestsRunning() == 0);
        long idle = System.nanoTime();
        TestServer.await("all blocks are free", () -> engine.stats().numKvBlocksUsed() == 0);
        EngineStats stats = engine.stats();
        return String.format(
                Locale.ROOT,
                "%d clients closed in %.0f ms; gauge 0 after %.0f ms, blocks free after %.0f ms; aborted %d in all",
                count,
                (closed - start) / 1e6,
                (idle - closed) / 1e6,
                (System.nanoTime() - closed) / 1e6,
                stats.numAborted());
    }
}
