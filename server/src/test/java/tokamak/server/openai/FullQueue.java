package tokamak.server.openai;

import java.io.IOException;
import java.net.Socket;
import tokamak.server.TestServer;

/** A server for one request at a time, and one that waits, has both: the next one is refused until the gate opens. */
record FullQueue(Socket running, Socket waiting) implements AutoCloseable {
    static FullQueue of(TestServer server) throws IOException {
        server.gate();
        return new FullQueue(ask(server, 1), ask(server, 2));
    }

    private static Socket ask(TestServer server, int number) throws IOException {
        Socket socket = server.sendRaw("/v1/completions", "{\"prompt\": \"a\", \"max_tokens\": 5}");
        TestServer.await(
                "request " + number + " is with the engine",
                () -> server.engine.stats().numOpenAnswers() >= number);
        return socket;
    }

    @Override
    public void close() throws IOException {
        running.close();
        waiting.close();
    }
}
