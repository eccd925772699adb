package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.server.TestServer;

class ErrorsTest {
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"prompt": "a", "temperature": "hot"}              | temperature
            {"prompt": "a", "temperature": -1}                 | temperature
            {"prompt": "a", "top_p": 0}                        | top_p
            {"prompt": "a", "n": 0}                            | n
            {"prompt": "a", "n": 1.5}                          | n
            {"prompt": "a", "max_tokens": 0}                   | max_tokens
            {"prompt": "a", "max_tokens": 99999999999}         | max_tokens
            {"prompt": "a", "stop": [1, 2]}                    | stop
            {"prompt": "a", "stop": {}}                        | stop
            {"prompt": "a", "stop": ["b", ""]}                 | stop
            {"prompt": "a", "logit_bias": {"5": 1000}}         | logit_bias
            {"prompt": "a", "stream": "yes"}                   | stream
            {"prompt": "a", "logit_bias": {"x": 1}}            | logit_bias
            {"prompt": "a", "logit_bias": {"999": 1}}          | logit_bias
            {"prompt": "a", "logit_bias": [1]}                 | logit_bias
            {"prompt": "a", "suffix": "b"}                     | suffix
            {"prompt": "a", "stream_options": {}}              | stream_options
            {"prompt": "a", "guided_regex": "("}               | guided_regex
            {"prompt": "a", "guided_regex": 1}                 | guided_regex
            {"prompt": "a", "guided_choice": []}               | guided_choice
            {"prompt": "a", "guided_grammar": "root ::= root root"} | guided_grammar
            {"prompt": "a", "guided_json": "{"}                | guided_json
            {"prompt": "a", "grammar": "x"}                    | grammar
            {"prompt": "a", "format": "xml"}                   | format
            {"prompt": "a", "response_format": {"type": "xml"}} | response_format
            {"prompt": "a", "response_format": {"type": "json_schema"}} | response_format.json_schema
            {"prompt": "a", "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": 1}}}} | response_format
            {"prompt": "a", "structured_outputs": {}}          | structured_outputs
            {"prompt": "a", "structured_outputs": {"regex": "a", "choice": ["b"]}} | structured_outputs
            {"prompt": "a", "structured_outputs": {"structural_tag": {"format": {"type": "x"}}}} | structured_outputs.structural_tag.format.type
            {"prompt": "a", "guided_regex": "a", "format": "json"} | format
            {"prompt": "a", "allowed_token_ids": []}           | allowed_token_ids
            {"prompt": "a", "truncate_prompt_tokens": 0}       | truncate_prompt_tokens
            {"prompt": "a", "best_of": 2, "stream": true}      | best_of
            {"prompt": [1, "a"]}                               | prompt
            {"prompt": [["a"]]}                                | prompt
            {"prompt": [999]}                                  | prompt
            {"prompt": [-1]}                                   | prompt
            {"prompt": []}                                     | prompt
            {"prompt": ""}                                     | prompt
            {"prompt": true}                                   | prompt
            {}                                                 | prompt
            {"prompt": "a", "model": 7}                        | model
            """)
    void wrongFieldsAreNamed(String body, String param) {
        TestServer.Answer answer = server.post("/v1/completions", body);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(400);
        assertThat(answer.error("param")).as(answer.raw().body()).isEqualTo(param);
        assertThat(answer.error("type")).isEqualTo("invalid_request_error");
        assertThat(answer.error("message")).contains(param);
        assertThat(answer.body().at("/error").has("code")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"messages": []}                                                              | messages
            {"messages": "hi"}                                                            | messages
            {"messages": ["hi"]}                                                          | messages[0]
            {"messages": [{"content": "x"}]}                                              | messages[0].role
            {"messages": [{"role": "robot", "content": "x"}]}                             | messages[0].role
            {"messages": [{"role": "user"}]}                                              | messages[0].content
            {"messages": [{"role": "user", "content": 1}]}                                | messages[0].content
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}          | messages[0].content.type
            {"messages": [{"role": "user", "content": "x"}], "top_logprobs": 2}           | top_logprobs
            {"messages": [{"role": "user", "content": "x"}], "logprobs": 1}               | logprobs
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]} | tools[0].function
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "search"}]} | tools[0].type
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "a b"}}]} | tools
            {"messages": [{"role": "user", "content": "x"}], "tool_choice": "required"}   | tool_choice
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "maybe"} | tool_choice
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": "function", "function": {"name": "g"}}} | tool_choice
            {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters": {"type": "object", "properties": {"x": {"type": 1}}}}}], "tool_choice": "required"} | tools
            {"messages": [{"role": "user", "content": "x"}], "thinking_token_budget": -2} | thinking_token_budget
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]} | messages[1].tool_calls[0].function.arguments
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}]} | messages[1].tool_calls[0].function.arguments
            {"messages": [{"role": "user", "content": "x"}], "chat_template": "x"}        | chat_template
            """)
    void wrongChatsAreNamed(String body, String param) {
        TestServer.Answer answer = server.post("/v1/chat/completions", body);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(400);
        assertThat(answer.error("param")).as(answer.raw().body()).isEqualTo(param);
    }

    @Test
    void tooLongAPromptHasItsOwnCode() {
        TestServer.Answer answer =
                server.post("/v1/completions", "{\"prompt\": \"" + "a".repeat(TestServer.CONTEXT) + "\"}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error("code")).isEqualTo("context_length_exceeded");
        assertThat(answer.error("param")).isEqualTo("prompt");
        assertThat(answer.error("message")).startsWith("This model's maximum context length is 2048 tokens");
        TestServer.Answer cut = server.post(
                "/v1/completions",
                "{\"prompt\": \"" + "a".repeat(TestServer.CONTEXT) + "\", \"truncate_prompt_tokens\": -1}");
        assertThat(cut.status()).isEqualTo(200);
    }

    @Test
    void anUnknownModelIs404AndAnAliasIsNot() {
        TestServer.Answer answer = server.post("/v1/completions", "{\"model\": \"gpt\\ud800\", \"prompt\": \"a\"}");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.error("code")).isEqualTo("model_not_found");
        assertThat(answer.error("message")).contains("abc");
        TestServer.Answer alias = server.post("/v1/completions", "{\"model\": \"org/alias\", \"prompt\": \"a\"}");
        assertThat(alias.body().get("model").stringValue()).isEqualTo("org/alias");
        assertThat(server.get("/v1/models/org%2Falias").body().get("id").stringValue())
                .isEqualTo("org/alias");
        assertThat(server.get("/v1/models").body().at("/data/0/max_model_len").intValue())
                .isEqualTo(TestServer.CONTEXT);
    }

    @Test
    void brokenAndDeepJsonIs400() {
        for (String body :
                List.of("", "{", "[]", "nul", "{\"prompt\": \"a\"", "[".repeat(5000), "\u0000", "{\"a\": NaN}")) {
            TestServer.Answer answer = server.post("/v1/completions", body);
            assertThat(answer.status()).as(body).isEqualTo(400);
            assertThat(answer.error("message")).isNotEmpty();
        }
        byte[] invalidUtf8 = "{\"prompt\": \"a?\"}".getBytes(StandardCharsets.ISO_8859_1);
        invalidUtf8[13] = (byte) 0xFF;
        HttpRequest request = server.request("/v1/completions")
                .POST(HttpRequest.BodyPublishers.ofByteArray(invalidUtf8))
                .build();
        assertThat(server.send(request).status()).isEqualTo(400);
    }

    @Test
    void aFailingStepIsItsRequestsOwnError() {
        TestServer.Answer whole = server.post("/v1/completions", "{\"prompt\": \"a!\"}");
        assertThat(whole.status()).isEqualTo(500);
        assertThat(whole.error("type")).isEqualTo("server_error");
        TestServer.Answer streamed = server.post("/v1/completions", "{\"prompt\": \"a!\", \"stream\": true}");
        assertThat(streamed.status()).as("nothing had been sent").isEqualTo(500);
        assertThat(server.post("/v1/completions", "{\"prompt\": \"a\", \"temperature\": 0}")
                        .text())
                .startsWith("bcd");
    }

    @Test
    void unknownPathsAre404AndWrongMethods405() {
        assertThat(server.get("/v1/nothing").status()).isEqualTo(404);
        assertThat(server.get("/v1/nothing").error("message")).contains("/v1/nothing");
        TestServer.Answer wrong = server.get("/v1/completions");
        assertThat(wrong.status()).isEqualTo(405);
        assertThat(wrong.raw().headers().firstValue("allow")).contains("POST");
        assertThat(server.post("/v1/nothing", "{}").status()).isEqualTo(404);
    }

    /** Whatever comes is answered, never with a failure of the server. {@code -Dtokamak.fuzz=N} sends more. */
    @Test
    void mutatedRequestsNeverFailTheServer() {
        String chat = "{\"model\":\"abc\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":2,"
                + "\"stop\":[\"q\"],\"logit_bias\":{\"98\":1},\"seed\":5,\"logprobs\":true,\"top_logprobs\":1}";
        String text = "{\"prompt\":[\"ab\",\"c\"],\"max_tokens\":2,\"n\":2,\"temperature\":0.5,\"echo\":true,"
                + "\"logprobs\":1,\"stop\":\"x\",\"stream\":false,\"min_p\":0.1,\"top_k\":3,\"bad_words\":[\"e\"]}";
        String response = "{\"model\":\"abc\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
                + "\"text\":\"hi\"}]},{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"},"
                + "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"r\"}],\"max_output_tokens\":2,"
                + "\"text\":{\"format\":{\"type\":\"text\"}},\"metadata\":{\"a\":\"b\"},\"reasoning\":{\"effort\":\"low\"}}";
        String embedding = "{\"model\":\"abc\",\"input\":[\"ab\",\"c\"],\"dimensions\":2,\"encoding_format\":\"float\","
                + "\"truncate_prompt_tokens\":3,\"normalize\":true,\"priority\":1,\"cache_salt\":\"s\"}";
        List<String> bodies = List.of(chat, text, response, embedding);
        List<String> paths = List.of("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings");
        String[] pieces = {
            "null",
            "-1",
            "1e999",
            "\"\\ud800\"",
            "[]",
            "{}",
            "true",
            "9999999999999999999999",
            "\"\"",
            "0.5",
            "[[1]]",
            "\\u0000"
        };
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < Integer.getInteger("tokamak.fuzz", 800); i++) {
            StringBuilder body = new StringBuilder(bodies.get(i % bodies.size()));
            for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
                int at = random.nextInt(body.length());
                switch (random.nextInt(4)) {
                    case 0 -> body.setCharAt(at, (char) random.nextInt(32, 127));
                    case 1 -> body.delete(at, Math.min(body.length(), at + random.nextInt(1, 9)));
                    case 2 -> body.insert(at, pieces[random.nextInt(pieces.length)]);
                    default -> replaceValue(body, at, pieces[random.nextInt(pieces.length)]);
                }
                if (body.isEmpty()) {
                    body.append('{');
                }
            }
            // The model fails at exclamation marks.
            String sent = body.toString().replace('!', '?');
            TestServer.Answer answer = server.post(paths.get(i % paths.size()), sent);
            assertThat(answer.status()).as(sent).isIn(200, 400, 404);
        }
        TestServer.await("nothing runs", () -> server.stats().numOpenAnswers() == 0);
    }

    private static void replaceValue(StringBuilder body, int from, String piece) {
        int colon = body.indexOf(":", from);
        if (colon >= 0) {
            int end = body.indexOf(",\"", colon);
            body.replace(colon + 1, end < 0 ? Math.max(colon + 1, body.length() - 1) : end, piece);
        }
    }
}
