package tokamak.server.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import tokamak.Engine;
import tokamak.EngineConfig;
import tokamak.TokenStream;
import tokamak.api.GenerationRequest;
import tokamak.api.SamplingParams;
import tokamak.api.TokenEvent;
import tokamak.server.TestServer;

/**
 * What the server adds to the time to the first token: the same prompt is given to the engine and to the server before it, by
 * turns, one at a time. {@code main} takes the model, how many of each, and words of the prompt.
 */
public final class FirstTokenCost {
    private static final int MAX_TOKENS = 4;

    private FirstTokenCost() {}

    public static void main(String[] args) throws Exception {
        int count = args.length > 1 ? Integer.parseInt(args[1]) : 300;
        int words = args.length > 2 ? Integer.parseInt(args[2]) : 20;
        String prompt = "Once upon a time there was a little girl. ".repeat(words / 9 + 1);
        EngineConfig config = EngineConfig.of(Path.of(args[0])).withPrefixCaching(false);
        Engine engine = Engine.open(config);
        try (TestServer server = new TestServer(engine);
                Socket socket = server.connect()) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int round = 0; round < 3; round++) {
                double[] direct = new double[count];
                double[] overHttp = new double[count];
                for (int i = 0; i < count; i++) {
                    direct[i] = direct(engine, prompt);
                    overHttp[i] = served(socket, in, prompt);
                }
                System.out.println(line(direct, overHttp));
            }
        }
        System.exit(0);
    }

    private static String line(double[] direct, double[] served) {
        Arrays.sort(direct);
        Arrays.sort(served);
        int middle = direct.length / 2;
        int high = direct.length * 95 / 100;
        return String.format(
                Locale.ROOT,
                "first token after, ms: engine p50 %.2f p95 %.2f, server p50 %.2f p95 %.2f, added %.2f at p50, %.2f at p95",
                direct[middle],
                direct[high],
                served[middle],
                served[high],
                served[middle] - direct[middle],
                served[high] - direct[high]);
    }

    private static double direct(Engine engine, String prompt) {
        long start = System.nanoTime();
        SamplingParams params = engine.samplingDefaults().toBuilder()
                .temperature(0)
                .maxTokens(MAX_TOKENS)
                .build();
        try (TokenStream stream = engine.submit(GenerationRequest.text(prompt).withSampling(params))) {
            long first = 0;
            for (TokenEvent event : stream) {
                if (first == 0 && event instanceof TokenEvent.Delta) {
                    first = System.nanoTime();
                }
            }
            return (first - start) / 1e6;
        }
    }

    private static double served(Socket socket, InputStream in, String prompt) throws IOException {
        String json = "{\"prompt\": \"" + prompt + "\", \"max_tokens\": " + MAX_TOKENS
                + ", \"temperature\": 0, \"stream\": true}";
        String request = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + json.length()
                + "\r\n\r\n" + json;
        long start = System.nanoTime();
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        long first = 0;
        StringBuilder line = new StringBuilder();
        while (true) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the server closed the connection");
            }
            if (next != '\n') {
                line.append((char) next);
                continue;
            }
            if (first == 0 && line.indexOf("data: ") == 0) {
                first = System.nanoTime();
            }
            if (line.indexOf("data: [DONE]") == 0) {
                break;
            }
            line.setLength(0);
        }
        // The chunk's end, and the empty chunk that ends the answer.
        in.readNBytes("\n\r\n0\r\n\r\n".length());
        return (first - start) / 1e6;
    }
}
