package tokamak.server.load;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.EngineStats;
import tokamak.server.TestServer;

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
        try (TestServer server = new TestServer(engine)) {
            for (int i = 0; i < ROUNDS; i++) {
                System.out.println(round(server, count));
            }
        }
        System.exit(0);
    }

    private static String round(TestServer server, int count) throws IOException {
        List<Socket> clients = new ArrayList<>();
        String json = "{\"prompt\": \"Once\", \"max_tokens\": 1000, \"ignore_eos\": true, \"stream\": true}";
        for (int i = 0; i < count; i++) {
            clients.add(server.sendRaw("/v1/completions", json));
        }
        TestServer.await("all run", () -> server.stats().numRequestsRunning() == count);
        for (Socket client : clients) {
            client.getInputStream().read();
        }
        long start = System.nanoTime();
        for (Socket client : clients) {
            client.close();
        }
        long closed = System.nanoTime();
        TestServer.await("nothing runs", () -> server.stats().numRequestsRunning() == 0);
        long idle = System.nanoTime();
        TestServer.await("all blocks are free", () -> server.stats().numKvBlocksUsed() == 0);
        EngineStats stats = server.stats();
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
