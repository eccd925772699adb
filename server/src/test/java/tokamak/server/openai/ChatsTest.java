package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;

class ChatsTest {
    private static final String PATH = "/v1/chat/completions";
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** The template writes {@code user:hi;a}, so that the answer begins with b. */
    private static TestServer.Answer post(String fields) {
        return server.post(PATH, "{\"temperature\": 0, \"max_tokens\": 3, " + fields + "}");
    }

    private static final String HI = "\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]";

    @Test
    void theTemplateWritesThePrompt() {
        TestServer.Answer answer = post(HI + ", \"return_token_ids\": true");
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        assertThat(answer.body().get("object").stringValue()).isEqualTo("chat.completion");
        assertThat(answer.body().at("/choices/0/message/role").stringValue()).isEqualTo("assistant");
        assertThat(answer.body().at("/choices/0/message/content").stringValue()).isEqualTo("bcd");
        assertThat(answer.body().at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
        assertThat(answer.body().at("/usage/prompt_tokens").intValue()).isEqualTo("user:hi;a".length());
        TestServer.Answer ids = server.post("/tokenize", "{" + HI + "}");
        assertThat(ids.body().get("tokens")).isEqualTo(answer.body().get("prompt_token_ids"));
        assertThat(ids.body().get("count").intValue()).isEqualTo("user:hi;a".length());
        assertThat(ids.body().get("max_model_len").intValue()).isEqualTo(TestServer.CONTEXT);
    }

    @Test
    void withoutALimitTheAnswerGoesToItsOwnEnd() {
        TestServer.Answer answer = server.post(PATH, "{\"temperature\": 0, \"max_tokens\": null, " + HI + "}");
        assertThat(answer.body().at("/choices/0/message/content").stringValue()).isEqualTo("bcdefghijklmnopqrstuvwxyz");
        assertThat(answer.body().at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isEqualTo(26);
    }

    @Test
    void partsDevelopersAndToolResultsAreUnderstood() {
        TestServer.Answer answer = post("""
                "max_completion_tokens": 1, "return_token_ids": true, "messages": [
                  {"role": "developer", "content": "d"},
                  {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
                  {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
                      "function": {"name": "f", "arguments": "{\\"a\\": 1}"}}]},
                  {"role": "tool", "tool_call_id": "1", "content": "r"}]
                """);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        TestServer.Answer text =
                server.post("/detokenize", "{\"tokens\": " + answer.body().get("prompt_token_ids") + "}");
        assertThat(text.body().get("prompt").stringValue()).isEqualTo("system:d;user:x\ny;assistant:;tool:r;a");
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isEqualTo(1);
    }

    @Test
    void templateVariablesAndContinuedMessagesReachTheTemplate() {
        assertThat(post(HI + ", \"chat_template_kwargs\": {\"start\": \"p\"}")
                        .body()
                        .at("/choices/0/message/content")
                        .stringValue())
                .isEqualTo("qrs");
        TestServer.Answer continued = post("\"messages\": [{\"role\": \"user\", \"content\": \"hi\"},"
                + " {\"role\": \"assistant\", \"content\": \"hell\"}], \"continue_final_message\": true");
        assertThat(continued.body().at("/choices/0/message/content").stringValue())
                .isEqualTo("mno");
    }

    @Test
    void aStreamBeginsWithTheRoleAndEndsOnce() {
        List<JsonNode> chunks = server.chunks(
                PATH,
                "{\"temperature\": 0, \"max_tokens\": 3, \"stream\": true, \"n\": 2, \"stream_options\":"
                        + " {\"include_usage\": true}, " + HI + "}");
        assertThat(chunks.stream().map(chunk -> chunk.get("id").stringValue()).distinct())
                .hasSize(1);
        assertThat(chunks).allMatch(chunk -> chunk.get("object").stringValue().equals("chat.completion.chunk"));
        for (int index = 0; index < 2; index++) {
            int wanted = index;
            List<JsonNode> own = chunks.stream()
                    .flatMap(chunk -> chunk.get("choices").values().stream())
                    .filter(choice -> choice.get("index").intValue() == wanted)
                    .toList();
            assertThat(own.getFirst().at("/delta/role").stringValue()).isEqualTo("assistant");
            assertThat(own.stream()
                            .map(choice -> choice.at("/delta/content").asString(""))
                            .collect(Collectors.joining()))
                    .isEqualTo("bcd");
            assertThat(own.stream()
                            .filter(choice -> !choice.get("finish_reason").isNull()))
                    .containsExactly(own.getLast());
            assertThat(own.getLast().get("finish_reason").stringValue()).isEqualTo("length");
            assertThat(own.getLast().get("delta").isObject()).isTrue();
        }
        JsonNode last = chunks.getLast();
        assertThat(last.get("choices").isEmpty()).isTrue();
        assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(6);
    }

    @Test
    void logprobsCarryTheBytesOfEveryToken() {
        TestServer.Answer answer =
                post(HI + ", \"chat_template_kwargs\": {\"start\": \"%\"}, \"logprobs\": true, \"top_logprobs\": 2");
        JsonNode content = answer.body().at("/choices/0/logprobs/content");
        assertThat(content.size()).isEqualTo(3);
        assertThat(answer.body().at("/choices/0/message/content").stringValue()).isEqualTo("\u20ac");
        assertThat(content.get(0).get("bytes").toString()).isEqualTo("[226]");
        assertThat(content.get(2).get("bytes").toString()).isEqualTo("[172]");
        assertThat(content.get(0).get("top_logprobs").size()).isEqualTo(2);
        assertThat(content.get(0).get("logprob").doubleValue()).isBetween(-0.001, 0.0);
        assertThat(post(HI + ", \"logprobs\": true")
                        .body()
                        .at("/choices/0/logprobs/content/0/top_logprobs")
                        .size())
                .isZero();
    }
}
