package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;

/** The model's states are (token, position, 1, -1), its pooling is the last token's. */
class EmbeddingsTest {
    private static final String PATH = "/v1/embeddings";
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static TestServer.Answer post(String fields) {
        return server.post(PATH, "{" + fields + "}");
    }

    private static List<Double> vector(TestServer.Answer answer, int index) {
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        List<Double> vector = new ArrayList<>();
        answer.body().at("/data/" + index + "/embedding").forEach(number -> vector.add(number.doubleValue()));
        return vector;
    }

    private static void assertIs(List<Double> vector, double... direction) {
        double length = 0;
        for (double x : direction) {
            length += x * x;
        }
        assertThat(vector).hasSize(direction.length);
        for (int i = 0; i < direction.length; i++) {
            assertThat(vector.get(i)).isCloseTo(direction[i] / Math.sqrt(length), within(1e-6));
        }
    }

    @Test
    void oneTextIsOneVectorOfLengthOne() {
        TestServer.Answer answer = post("\"model\": \"abc\", \"input\": \"hi\"");
        assertIs(vector(answer, 0), 'i', 1, 1, -1);
        assertThat(answer.body().get("object").stringValue()).isEqualTo("list");
        assertThat(answer.body().get("model").stringValue()).isEqualTo("abc");
        assertThat(answer.body().at("/data/0/object").stringValue()).isEqualTo("embedding");
        assertThat(answer.body().at("/usage/prompt_tokens").intValue()).isEqualTo(2);
        assertThat(answer.body().at("/usage/total_tokens").intValue()).isEqualTo(2);
    }

    @Test
    void listsKeepTheirOrderWhateverTheyHold() {
        TestServer.Answer texts = post("\"input\": [\"a\", \"bb\", \"ccc\"]");
        assertIs(vector(texts, 0), 'a', 0, 1, -1);
        assertIs(vector(texts, 2), 'c', 2, 1, -1);
        assertThat(texts.body().at("/data/2/index").intValue()).isEqualTo(2);
        assertThat(texts.body().at("/usage/prompt_tokens").intValue()).isEqualTo(6);
        assertIs(vector(post("\"input\": [104, 105]"), 0), 105, 1, 1, -1);
        TestServer.Answer ids = post("\"input\": [[1, 2, 3], [4]]");
        assertIs(vector(ids, 0), 3, 2, 1, -1);
        assertIs(vector(ids, 1), 4, 0, 1, -1);
        String many = "\"x\",".repeat(2047) + "\"y\"";
        assertIs(vector(post("\"input\": [" + many + "]"), 2047), 'y', 0, 1, -1);
    }

    @Test
    void base64HoldsTheSameNumbers() {
        List<Double> plain = vector(post("\"input\": \"hi\""), 0);
        JsonNode encoded = post("\"input\": \"hi\", \"encoding_format\": \"base64\"")
                .body()
                .at("/data/0/embedding");
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(encoded.stringValue()))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (double number : plain) {
            assertThat((double) bytes.getFloat()).isCloseTo(number, within(1e-7));
        }
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void dimensionsAreCutAndScaledAgain() {
        assertIs(vector(post("\"input\": \"hi\", \"dimensions\": 2"), 0), 'i', 1);
        assertThat(vector(post("\"input\": \"hi\", \"normalize\": false"), 0)).containsExactly(105.0, 1.0, 1.0, -1.0);
    }

    @Test
    void chatsAndTruncatedTextsAreUnderstood() {
        assertIs(
                vector(post("\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]"), 0),
                'a',
                "user:hi;a".length() - 1,
                1,
                -1);
        TestServer.Answer cut = post("\"input\": \"abcdef\", \"truncate_prompt_tokens\": 3");
        assertIs(vector(cut, 0), 'f', 2, 1, -1);
        assertThat(cut.body().at("/usage/prompt_tokens").intValue()).isEqualTo(3);
        String tooLong = "\"input\": \"" + "x".repeat(TestServer.CONTEXT + 1) + "\"";
        assertThat(post(tooLong).error("code")).isEqualTo("context_length_exceeded");
        assertThat(post(tooLong).error("param")).isEqualTo("input");
        assertIs(vector(post(tooLong + ", \"truncate_prompt_tokens\": -1"), 0), 'x', TestServer.CONTEXT - 1, 1, -1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "model": "nobody", "input": "a"     | 404 | model
                    "input": ""                         | 400 | input
                    "input": []                         | 400 | input
                    "input": ["a", ""]                  | 400 | input
                    "input": [[]]                       | 400 | input
                    "input": [1, "a"]                   | 400 | input
                    "input": ["a", 1]                   | 400 | input
                    "input": [-1]                       | 400 | input
                    "input": {"text": "a"}              | 400 | input
                    "user": "me"                        | 400 | input
                    "input": "a", "encoding_format": "hex" | 400 | encoding_format
                    "input": "a", "dimensions": 0       | 400 | dimensions
                    "input": "a", "dimensions": 5       | 400 | dimensions
                    "input": "a", "dimensions": "many"  | 400 | dimensions
                    "input": "a", "priority": 5000      | 400 | priority
                    "input": "!"                        | 500 |
                    """)
    void whatIsWrongIsNamed(String fields, int status, String param) {
        TestServer.Answer answer = post(fields);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(status);
        if (param != null) {
            assertThat(answer.error("param")).isEqualTo(param);
        }
    }

    @Test
    void aClientThatGoesAwayLeavesNothing() throws IOException {
        try (TestServer gated = new TestServer()) {
            gated.gate();
            Socket socket = gated.sendRaw(PATH, "{\"input\": [" + "\"x\",".repeat(500) + "\"x\"]}");
            TestServer.await("texts are with the engine", () -> gated.stats().numOpenAnswers() > 0);
            socket.close();
            TestServer.await("the server has noticed", () -> gated.server.numOpenRequests() == 0);
            gated.openGate();
            TestServer.await(
                    "nothing is left",
                    () -> gated.stats().numOpenAnswers() == 0 && gated.stats().numKvBlocksUsed() == 0);
        }
    }
}
