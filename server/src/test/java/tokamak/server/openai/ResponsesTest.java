package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The template writes {@code user:hi;a}, so that answers begin with b. */
class ResponsesTest {
    private static final String PATH = "/v1/responses";
    private static final JsonMapper JSON = new JsonMapper();
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
        return server.post(PATH, "{\"temperature\": 0, " + fields + "}");
    }

    private static JsonNode ok(TestServer.Answer answer) {
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        return answer.body();
    }

    private static String text(JsonNode response) {
        return response.at("/output/0/content/0/text").asString();
    }

    private static String id(JsonNode response) {
        return response.get("id").stringValue();
    }

    /** How long the prompt was tells what the template has written. */
    private static int inputTokens(JsonNode response) {
        return response.at("/usage/input_tokens").intValue();
    }

    private static TestServer.Answer delete(String path) {
        return server.send(server.request(path).DELETE().build());
    }

    @Test
    void textInIsTextOutAndTheRequestIsEchoed() {
        JsonNode response = ok(post("\"model\": \"abc\", \"input\": \"hi\", \"metadata\": {\"a\": \"b\"}"));
        assertThat(response.get("object").stringValue()).isEqualTo("response");
        assertThat(id(response)).startsWith("resp_");
        assertThat(response.get("status").stringValue()).isEqualTo("completed");
        assertThat(response.get("model").stringValue()).isEqualTo("abc");
        assertThat(text(response)).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        assertThat(response.at("/output/0/type").stringValue()).isEqualTo("message");
        assertThat(response.at("/output/0/role").stringValue()).isEqualTo("assistant");
        assertThat(response.at("/output/0/status").stringValue()).isEqualTo("completed");
        assertThat(response.at("/output/0/content/0/annotations").isArray()).isTrue();
        assertThat(inputTokens(response)).isEqualTo("user:hi;a".length());
        assertThat(response.at("/usage/output_tokens").intValue()).isEqualTo(26);
        assertThat(response.at("/usage/output_tokens_details/reasoning_tokens").intValue())
                .isZero();
        assertThat(response.at("/metadata/a").stringValue()).isEqualTo("b");
        for (String name : List.of("error", "incomplete_details", "instructions", "previous_response_id")) {
            assertThat(response.get(name).isNull()).as(name).isTrue();
        }
    }

    @Test
    void aCutAnswerIsIncomplete() {
        JsonNode response = ok(post("\"input\": \"hi\", \"max_output_tokens\": 3"));
        assertThat(response.get("status").stringValue()).isEqualTo("incomplete");
        assertThat(response.at("/incomplete_details/reason").stringValue()).isEqualTo("max_output_tokens");
        assertThat(response.at("/output/0/status").stringValue()).isEqualTo("incomplete");
        assertThat(text(response)).isEqualTo("bcd");
    }

    @Test
    void itemsBecomeMessages() {
        JsonNode response = ok(post("""
                "instructions": "be", "max_output_tokens": 1, "input": [
                  {"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_text", "text": "y"}]},
                  {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
                  {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                  {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
                  {"type": "function_call_output", "call_id": "c1", "output": "r"},
                  {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "s"}]},
                  {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]}]
                """));
        assertThat(inputTokens(response))
                .isEqualTo("system:be;user:xy;assistant:;tool:r;tool:s;assistant:ok;a".length());
    }

    @Test
    void aStreamTellsEveryStepInOrder() {
        List<String> lines = server.post(
                        PATH, "{\"temperature\": 0, \"input\": \"hi\", \"max_output_tokens\": 3, \"stream\": true}")
                .raw()
                .body()
                .lines()
                .toList();
        List<JsonNode> events = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("data: ")) {
                JsonNode event = JSON.readTree(lines.get(i).substring(6));
                assertThat(lines.get(i - 1))
                        .isEqualTo("event: " + event.get("type").stringValue());
                assertThat(event.get("sequence_number").intValue()).isEqualTo(events.size());
                events.add(event);
            }
        }
        List<String> types = events.stream()
                .map(event -> event.get("type").stringValue().substring("response.".length()))
                .toList();
        assertThat(types.stream().distinct())
                .containsExactly(
                        "created",
                        "in_progress",
                        "output_item.added",
                        "content_part.added",
                        "output_text.delta",
                        "output_text.done",
                        "content_part.done",
                        "output_item.done",
                        "incomplete");
        assertThat(events.stream()
                        .map(event -> event.path("delta").asString(""))
                        .collect(Collectors.joining()))
                .isEqualTo("bcd");
        JsonNode done = events.get(types.indexOf("output_item.done")).get("item");
        assertThat(done).isEqualTo(events.getLast().at("/response/output/0"));
        assertThat(events.get(types.indexOf("output_item.added")).at("/item/id"))
                .isEqualTo(done.get("id"));
        assertThat(events.get(types.indexOf("output_text.delta")).get("item_id"))
                .isEqualTo(done.get("id"));
        assertThat(events.getFirst().at("/response/status").stringValue()).isEqualTo("in_progress");
        assertThat(events.getLast().at("/response/usage/output_tokens").intValue())
                .isEqualTo(3);
        assertThat(lines).doesNotContain("data: [DONE]");
    }

    @Test
    void aKeptResponseCanBeAskedForContinuedAndDeleted() {
        JsonNode first = ok(post("\"instructions\": \"be\", \"input\": \"hi\", \"max_output_tokens\": 3"));
        assertThat(server.get(PATH + "/" + id(first)).body()).isEqualTo(first);
        JsonNode items = ok(server.get(PATH + "/" + id(first) + "/input_items"));
        assertThat(items.at("/data/0/content").stringValue()).isEqualTo("hi");
        JsonNode second = ok(
                post("\"input\": \"on\", \"max_output_tokens\": 3, \"previous_response_id\": \"" + id(first) + "\""));
        // Instructions do not carry over.
        assertThat(inputTokens(second)).isEqualTo("user:hi;assistant:bcd;user:on;a".length());
        JsonNode third = ok(
                post("\"input\": \"on\", \"max_output_tokens\": 3, \"previous_response_id\": \"" + id(second) + "\""));
        assertThat(inputTokens(third)).isEqualTo("user:hi;assistant:bcd;user:on;assistant:bcd;user:on;a".length());
        assertThat(third.at("/usage/input_tokens_details/cached_tokens").intValue())
                .isPositive();
        assertThat(ok(delete(PATH + "/" + id(first))).get("deleted").booleanValue())
                .isTrue();
        assertThat(server.get(PATH + "/" + id(first)).status()).isEqualTo(404);
        assertThat(delete(PATH + "/" + id(first)).error("code")).isEqualTo("response_not_found");
        JsonNode unkept = ok(post("\"input\": \"hi\", \"max_output_tokens\": 1, \"store\": false"));
        assertThat(server.get(PATH + "/" + id(unkept)).status()).isEqualTo(404);
    }

    @Test
    void aResponseInTheBackgroundCanBeAskedForAndCancelled() throws IOException {
        try (TestServer gated = new TestServer()) {
            gated.gate();
            String body = "{\"temperature\": 0, \"background\": true, \"input\": \"hi\", \"max_output_tokens\": 1000}";
            JsonNode queued = ok(gated.post(PATH, body));
            assertThat(queued.get("status").stringValue()).isEqualTo("queued");
            String path = PATH + "/" + id(queued);
            assertThat(gated.get(path).body().get("status").stringValue()).isEqualTo("in_progress");
            assertThat(gated.post(PATH, "{\"input\": \"on\", \"previous_response_id\": \"" + id(queued) + "\"}")
                            .error("param"))
                    .isEqualTo("previous_response_id");
            gated.openGate();
            TestServer.await(
                    "it is complete",
                    () -> gated.get(path).body().get("status").stringValue().equals("completed"));
            assertThat(text(gated.get(path).body())).hasSize(25);
            // Digits go on for ever.
            gated.slow(Duration.ofMillis(5));
            String other = PATH + "/" + id(ok(gated.post(PATH, """
                    {"temperature": 0, "background": true, "input": "hi", "max_output_tokens": 1500,
                     "chat_template_kwargs": {"start": "0"}}""")));
            JsonNode cancelled = ok(gated.post(other + "/cancel", "{}"));
            assertThat(cancelled.get("status").stringValue()).isEqualTo("cancelled");
            assertThat(gated.get(other).body()).isEqualTo(cancelled);
            TestServer.await("nothing is left", () -> gated.stats().numOpenAnswers() == 0);
        }
    }

    @Test
    void aClientThatGoesAwayCancelsItsResponse() throws IOException {
        try (TestServer gated = new TestServer()) {
            gated.gate();
            Socket socket = gated.sendRaw(
                    PATH,
                    "{\"input\": \"hi\", \"stream\": true, \"chat_template_kwargs\": {\"start\": \"0\"}, \"temperature\": 0}");
            TestServer.await("it is with the engine", () -> gated.stats().numOpenAnswers() > 0);
            socket.close();
            TestServer.await("the server has noticed", () -> gated.server.numOpenRequests() == 0);
            gated.openGate();
            TestServer.await("nothing is left", () -> gated.stats().numOpenAnswers() == 0);
            assertThat(gated.stats().numAborted()).isEqualTo(1);
        }
    }

    @Test
    void aFailureBecomesAnErrorOrTheLastEvent() {
        assertThat(post("\"input\": \"!\"").status()).isEqualTo(500);
        List<String> events = server.events(PATH, "{\"temperature\": 0, \"input\": \"!\", \"stream\": true}");
        JsonNode last = JSON.readTree(events.getLast());
        assertThat(last.get("type").stringValue()).isEqualTo("response.failed");
        assertThat(last.at("/response/status").stringValue()).isEqualTo("failed");
        assertThat(last.at("/response/error/code").stringValue()).isEqualTo("server_error");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "input": "a", "model": "nobody"                             | 404 | model
                    "model": "abc"                                              | 400 | input
                    "input": 7                                                  | 400 | input
                    "input": []                                                 | 400 | input
                    "input": ["a"]                                              | 400 | input[0]
                    "input": [{"content": "a"}]                                 | 400 | input[0].role
                    "input": [{"role": "robot", "content": "a"}]                | 400 | input[0].role
                    "input": [{"role": "user"}]                                 | 400 | input[0].content
                    "input": [{"role": "user", "content": [{"type": "input_image"}]}] | 400 | input[0].content[0].type
                    "input": [{"type": "web_search_call"}]                      | 400 | input[0].type
                    "input": [{"type": "function_call", "name": "f"}]           | 400 | input[0].call_id
                    "input": "a", "max_output_tokens": 0                        | 400 | max_output_tokens
                    "input": "a", "max_output_tokens": "many"                   | 400 | max_output_tokens
                    "input": "a", "max_output_tokens": 100000                   | 400 | input
                    "input": "a", "temperature": -1                             | 400 | temperature
                    "input": "a", "top_logprobs": 3                             | 400 | top_logprobs
                    "input": "a", "n": 2                                        | 400 | n
                    "input": "a", "tools": [{"type": "web_search"}]             | 400 | tools[0].type
                    "input": "a", "text": {"format": {"type": "poem"}}          | 400 | text.format
                    "input": "a", "text": {"format": {"type": "json_schema", "name": "x"}} | 400 | text.format.schema
                    "input": "a", "previous_response_id": "resp_0"              | 404 | previous_response_id
                    "input": "a", "background": true, "store": false            | 400 | background
                    """)
    void whatIsWrongIsNamed(String fields, int status, String param) {
        TestServer.Answer answer = server.post(PATH, "{" + fields + "}");
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(status);
        assertThat(answer.error("param")).isEqualTo(param);
        assertThat(answer.error("message"))
                .doesNotContain("max_tokens must", "max_completion_tokens", "response_format");
    }

    @Test
    void responsesOfOthersAreNotThere() throws Exception {
        try (TestServer two = TestServer.withKeys(List.of("one", "two"))) {
            HttpRequest ask = two.request(PATH)
                    .header("authorization", "Bearer one")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"input\": \"hi\", \"max_output_tokens\": 1}"))
                    .build();
            String path = PATH + "/" + id(ok(two.send(ask)));
            assertThat(two.send(two.request(path)
                                    .header("authorization", "Bearer one")
                                    .build())
                            .status())
                    .isEqualTo(200);
            assertThat(two.send(two.request(path)
                                    .header("authorization", "Bearer two")
                                    .build())
                            .status())
                    .isEqualTo(404);
        }
    }
}
