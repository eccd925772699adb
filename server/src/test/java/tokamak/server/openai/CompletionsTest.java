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

class CompletionsTest {
    private static final String PATH = "/v1/completions";
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
        return server.post(PATH, "{\"model\": \"abc\", \"temperature\": 0, " + fields + "}");
    }

    private static List<JsonNode> stream(String fields) {
        return server.chunks(PATH, "{\"model\": \"abc\", \"temperature\": 0, \"stream\": true, " + fields + "}");
    }

    private static String text(List<JsonNode> chunks, int index) {
        return chunks.stream()
                .flatMap(chunk -> chunk.get("choices").values().stream())
                .filter(choice -> choice.get("index").intValue() == index)
                .map(choice -> choice.get("text").stringValue())
                .collect(Collectors.joining());
    }

    @Test
    void textGoesOnAndUsageIsExact() {
        TestServer.Answer answer = post("\"prompt\": \"abc\", \"max_tokens\": 4");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("defg");
        assertThat(answer.body().get("object").stringValue()).isEqualTo("text_completion");
        assertThat(answer.body().get("model").stringValue()).isEqualTo("abc");
        assertThat(answer.body().get("id").stringValue()).startsWith("cmpl-");
        assertThat(answer.body().at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
        assertThat(answer.body().at("/choices/0/logprobs").isNull()).isTrue();
        assertThat(answer.body().at("/usage/prompt_tokens").intValue()).isEqualTo(3);
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isEqualTo(4);
        assertThat(answer.body().at("/usage/total_tokens").intValue()).isEqualTo(7);
        assertThat(answer.raw().headers().firstValue("server-timing").orElse(""))
                .contains("queue;dur=", "decode;dur=");
    }

    @Test
    void withoutMaxTokensSixteenCome() {
        assertThat(post("\"prompt\": \"0\"").text()).hasSize(16);
    }

    @Test
    void aStopTokenAndAStopStringBothMeanStop() {
        TestServer.Answer end = post("\"prompt\": \"w\", \"max_tokens\": 50");
        assertThat(end.text()).isEqualTo("xyz");
        assertThat(end.body().at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
        assertThat(end.body().at("/choices/0/stop_reason").isNull()).isTrue();

        TestServer.Answer string = post("\"prompt\": \"a\", \"max_tokens\": 50, \"stop\": \"fg\"");
        assertThat(string.text()).isEqualTo("bcde");
        assertThat(string.body().at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
        assertThat(string.body().at("/choices/0/stop_reason").stringValue()).isEqualTo("fg");

        TestServer.Answer id = post("\"prompt\": \"a\", \"max_tokens\": 50, \"stop_token_ids\": [101]");
        assertThat(id.text()).isEqualTo("bcd");
        assertThat(id.body().at("/choices/0/stop_reason").intValue()).isEqualTo(101);
    }

    @Test
    void streamedAndWholeTextsAreTheSame() {
        List<JsonNode> chunks = stream("\"prompt\": \"%\", \"max_tokens\": 12, \"stop\": [\"56\", \"zz\"]");
        assertThat(text(chunks, 0)).isEqualTo("\u20ac01234");
        assertThat(chunks.stream().map(chunk -> chunk.at("/choices/0/text").stringValue()))
                .noneMatch(piece -> piece.contains("\ufffd"));
        assertThat(post("\"prompt\": \"%\", \"max_tokens\": 12, \"stop\": [\"56\", \"zz\"]")
                        .text())
                .isEqualTo("\u20ac01234");
        List<String> reasons = chunks.stream()
                .map(chunk -> chunk.at("/choices/0/finish_reason"))
                .filter(reason -> !reason.isNull())
                .map(JsonNode::stringValue)
                .toList();
        assertThat(reasons).containsExactly("stop");
        assertThat(chunks).allMatch(chunk -> !chunk.has("usage"));
    }

    @Test
    void usageComesInALastChunkWithoutChoices() {
        List<JsonNode> chunks =
                stream("\"prompt\": \"ab\", \"max_tokens\": 3, \"stream_options\": {\"include_usage\": true}");
        JsonNode last = chunks.getLast();
        assertThat(last.get("choices").isArray()).isTrue();
        assertThat(last.get("choices").isEmpty()).isTrue();
        assertThat(last.at("/usage/prompt_tokens").intValue()).isEqualTo(2);
        assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(3);
        assertThat(chunks.subList(0, chunks.size() - 1))
                .allMatch(chunk -> chunk.get("usage").isNull());
    }

    @Test
    void severalPromptsAndAnswersAreNumberedInOrder() {
        TestServer.Answer answer = post("\"prompt\": [\"ab\", \"12\"], \"n\": 2, \"max_tokens\": 2");
        assertThat(answer.body().get("choices").values().stream()
                        .map(choice -> choice.get("index").intValue()
                                + choice.get("text").stringValue()))
                .containsExactly("0cd", "1cd", "234", "334");
        assertThat(answer.body().at("/usage/prompt_tokens").intValue()).isEqualTo(4);
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isEqualTo(8);

        List<JsonNode> chunks = stream("\"prompt\": [[97, 98], [49, 50]], \"n\": 2, \"max_tokens\": 2");
        assertThat(List.of(text(chunks, 0), text(chunks, 1), text(chunks, 2), text(chunks, 3)))
                .containsExactly("cd", "cd", "34", "34");
    }

    @Test
    void echoAndLogprobsShowThePromptToo() {
        TestServer.Answer answer = post("\"prompt\": \"abc\", \"echo\": true, \"logprobs\": 2, \"max_tokens\": 1");
        assertThat(answer.text()).isEqualTo("abcd");
        JsonNode logprobs = answer.body().at("/choices/0/logprobs");
        assertThat(logprobs.get("tokens").values().stream().map(JsonNode::stringValue))
                .containsExactly("a", "b", "c", "d");
        assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
        assertThat(logprobs.at("/token_logprobs/3").doubleValue()).isBetween(-0.001, 0.0);
        assertThat(logprobs.at("/top_logprobs/1").size()).isEqualTo(2);
        assertThat(logprobs.get("text_offset").values().stream().map(JsonNode::intValue))
                .containsExactly(0, 1, 2, 3);
    }

    @Test
    void aPromptCanBeScoredWithoutGenerating() {
        TestServer.Answer answer = post("\"prompt\": \"abq\", \"echo\": true, \"logprobs\": 0, \"max_tokens\": 0");
        assertThat(answer.text()).isEqualTo("abq");
        assertThat(answer.body().at("/choices/0/logprobs/token_logprobs").size())
                .isEqualTo(3);
        assertThat(answer.body().at("/choices/0/logprobs/token_logprobs/2").doubleValue())
                .isLessThan(-10);
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isZero();
    }

    @Test
    void bestOfKeepsTheMostLikely() {
        TestServer.Answer answer = post("\"prompt\": \"a\", \"n\": 1, \"best_of\": 3, \"max_tokens\": 2");
        assertThat(answer.body().get("choices").size()).isEqualTo(1);
        assertThat(answer.body().at("/usage/completion_tokens").intValue()).isEqualTo(6);
    }

    @Test
    void extensionsActAndUnknownFieldsDoNot() {
        TestServer.Answer answer = post("""
                "prompt": "a<|end|>", "max_tokens": 3, "return_token_ids": true, "ignore_eos": true, "min_tokens": 3,
                "allowed_token_ids": [120, 121], "bad_words": ["q"], "user": "u", "metadata": {"a": 1}, "store": true,
                "no_such_field": [1], "top_p": null, "priority": 5, "cache_salt": "s", "logit_bias": {"120": 3.5},
                "prompt_logprobs": 1
                """);
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        assertThat(answer.body().at("/choices/0/token_ids").toString()).isEqualTo("[120,121,120]");
        assertThat(answer.body().at("/choices/0/prompt_token_ids").toString()).isEqualTo("[97,256]");
        assertThat(answer.body().at("/choices/0/prompt_logprobs/0").isNull()).isTrue();
        assertThat(answer.body().at("/choices/0/prompt_logprobs/1/256/rank").intValue())
                .isGreaterThan(1);
    }

    @Test
    void theSameSeedGivesTheSameText() {
        String fields = "\"temperature\": 30, \"seed\": 7, \"prompt\": \"a\", \"max_tokens\": 20, \"ignore_eos\": true";
        String first = server.post(PATH, "{" + fields + "}").raw().body().replaceAll("\"(id|created)\":[^,]*,", "");
        String second = server.post(PATH, "{" + fields + "}").raw().body().replaceAll("\"(id|created)\":[^,]*,", "");
        assertThat(first.replaceAll("cached_tokens\":\\d+", ""))
                .isEqualTo(second.replaceAll("cached_tokens\":\\d+", ""));
    }
}
