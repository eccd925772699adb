package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tools.jackson.databind.JsonNode;

/** What vLLM adds to completions and chats, and fields of OpenAI's that are ignored politely. */
class ExtensionsTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHATS = "/v1/chat/completions";
    private static final String HI = "\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]";
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String greedy(String fields) {
        return "{\"temperature\": 0, \"max_tokens\": 3, " + fields + "}";
    }

    private static JsonNode post(String path, String fields) {
        TestServer.Answer answer = server.post(path, greedy(fields));
        assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
        return answer.body();
    }

    private static List<JsonNode> choices(List<JsonNode> chunks, int index) {
        return chunks.stream()
                .flatMap(chunk -> chunk.get("choices").values().stream())
                .filter(choice -> choice.get("index").intValue() == index)
                .toList();
    }

    private static List<Integer> ints(JsonNode array) {
        return array.valueStream().map(JsonNode::intValue).toList();
    }

    @Test
    void prefixesAreSharedWithTheSameSaltOnly() {
        String prompt = "\"prompt\": \"" + "s".repeat(100) + "\", \"cache_salt\": ";
        post(COMPLETIONS, prompt + "\"one\"");
        assertThat(post(COMPLETIONS, prompt + "\"one\"")
                        .at("/usage/prompt_tokens_details/cached_tokens")
                        .intValue())
                .isEqualTo(96);
        assertThat(post(COMPLETIONS, prompt + "\"two\"")
                        .at("/usage/prompt_tokens_details/cached_tokens")
                        .intValue())
                .isZero();
    }

    @Test
    void usageCanComeWithEveryChunk() {
        for (String path : List.of(COMPLETIONS, CHATS)) {
            List<JsonNode> chunks = server.chunks(
                    path,
                    greedy((path.equals(CHATS) ? HI : "\"prompt\": \"a\"")
                            + ", \"stream\": true, \"stream_options\": {\"continuous_usage_stats\": true}"));
            List<Integer> counts = chunks.stream()
                    .map(chunk -> chunk.at("/usage/completion_tokens").intValue())
                    .toList();
            assertThat(counts).isSorted().endsWith(3).contains(1, 2);
        }
    }

    @Test
    void tokenIdsStreamBesideTheText() {
        List<JsonNode> chunks = server.chunks(CHATS, greedy(HI + ", \"stream\": true, \"return_token_ids\": true"));
        assertThat(ints(chunks.getFirst().get("prompt_token_ids"))).hasSize("user:hi;a".length());
        List<Integer> ids = choices(chunks, 0).stream()
                .filter(choice -> choice.has("token_ids"))
                .flatMap(choice -> ints(choice.get("token_ids")).stream())
                .toList();
        assertThat(ids).containsExactly((int) 'b', (int) 'c', (int) 'd');
    }

    @Test
    void severalPromptsAndAnswersStreamUnderTheirNumbers() {
        List<JsonNode> chunks =
                server.chunks(COMPLETIONS, greedy("\"prompt\": [\"a\", \"m\"], \"n\": 2, \"stream\": true"));
        for (int index = 0; index < 4; index++) {
            List<JsonNode> own = choices(chunks, index);
            assertThat(own.stream()
                            .map(choice -> choice.get("text").stringValue())
                            .collect(Collectors.joining()))
                    .isEqualTo(index < 2 ? "bcd" : "nop");
            assertThat(own.stream()
                            .filter(choice -> !choice.get("finish_reason").isNull()))
                    .containsExactly(own.getLast());
        }
    }

    @Test
    void echoAndLogprobsStreamAsTheyComeWhole() {
        String fields = "\"prompt\": \"abc\", \"echo\": true, \"logprobs\": 1";
        JsonNode whole = post(COMPLETIONS, fields).at("/choices/0");
        List<JsonNode> own = choices(server.chunks(COMPLETIONS, greedy(fields + ", \"stream\": true")), 0);
        assertThat(own.stream().map(choice -> choice.get("text").stringValue()).collect(Collectors.joining()))
                .isEqualTo(whole.get("text").stringValue())
                .isEqualTo("abcdef");
        for (String name : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
            List<JsonNode> streamed = own.stream()
                    .flatMap(choice -> choice.at("/logprobs/" + name).valueStream())
                    .toList();
            assertThat(streamed)
                    .as(name)
                    .containsExactlyElementsOf(
                            whole.at("/logprobs/" + name).valueStream().toList());
        }
    }

    @Test
    void promptLogprobsNameEveryTokenButTheFirst() {
        JsonNode chat = post(CHATS, HI + ", \"prompt_logprobs\": 1").get("prompt_logprobs");
        assertThat(chat.size()).isEqualTo("user:hi;a".length());
        assertThat(chat.get(0).isNull()).isTrue();
        assertThat(chat.get(1).get("" + (int) 's').get("decoded_token").stringValue())
                .isEqualTo("s");
        TestServer.Answer streamed = server.post(CHATS, greedy(HI + ", \"prompt_logprobs\": 1, \"stream\": true"));
        assertThat(streamed.status()).isEqualTo(400);
        assertThat(streamed.error("param")).isEqualTo("prompt_logprobs");
    }

    @Test
    void onlyASuffixThatIsOneIsRefused() {
        assertThat(post(COMPLETIONS, "\"prompt\": \"a\", \"suffix\": \"\"")
                        .at("/choices/0/text")
                        .stringValue())
                .isEqualTo("bcd");
        assertThat(server.post(COMPLETIONS, greedy("\"prompt\": \"a\", \"suffix\": \"z\""))
                        .error("code"))
                .isEqualTo("unsupported_parameter");
    }

    @Test
    void whatMeansNothingHereIsIgnored() {
        String polite = ", \"user\": \"me\", \"metadata\": {\"a\": \"b\"}, \"store\": true, \"service_tier\": \"auto\","
                + " \"safety_identifier\": \"x\", \"prompt_cache_key\": \"y\", \"modalities\": [\"text\"]";
        assertThat(post(CHATS, HI + polite).at("/choices/0/message/content").stringValue())
                .isEqualTo("bcd");
    }

    @Test
    void aBetterPriorityIsServedFirst() throws IOException {
        try (TestServer one = new TestServer(http -> http, config -> config.withBatchLimits(1, 64))) {
            one.gate();
            List<String> order = Collections.synchronizedList(new ArrayList<>());
            List<CompletableFuture<Void>> answers = new ArrayList<>();
            // The first runs, until it has to make way; the others come in another order than they go.
            for (int priority : new int[] {0, 9, 5, -5}) {
                int number = answers.size() + 1;
                answers.add(CompletableFuture.runAsync(
                        () -> {
                            TestServer.Answer answer =
                                    one.post(COMPLETIONS, greedy("\"prompt\": \"a\", \"priority\": " + priority));
                            assertThat(answer.status()).isEqualTo(200);
                            order.add("" + priority);
                        },
                        Thread::startVirtualThread));
                TestServer.await(
                        number + " are with the engine",
                        () -> one.engine.stats().numOpenAnswers() == number);
            }
            for (int left = 3; left >= 0; left--) {
                int wanted = 4 - left;
                TestServer.await("one more is served", () -> {
                    one.allowSteps(1);
                    return order.size() >= wanted;
                });
            }
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
            order.remove("0");
            assertThat(order).containsExactly("-5", "5", "9");
        }
    }
}
