package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

/** OpenAI's own client for Java. */
class JavaClientTest {
    private static OpenAIClient client(TestServer server, String key, int maxRetries) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(server.server.url() + "/v1")
                .apiKey(key)
                .maxRetries(maxRetries)
                // Answers are checked against the types that the client knows.
                .responseValidation(true)
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private static ChatCompletionCreateParams.Builder hi() {
        return ChatCompletionCreateParams.builder()
                .model("abc")
                .temperature(0)
                .maxCompletionTokens(3)
                .addUserMessage("hi");
    }

    @Test
    void chatsWholeAndStreamed() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client = client(server, "none", 0);
            ChatCompletion whole = client.chat().completions().create(hi().build());
            assertThat(whole.validate().choices().getFirst().message().content())
                    .hasValue("bcd");
            assertThat(whole.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
            assertThat(whole.usage().orElseThrow().promptTokens()).isEqualTo(9);
            try (StreamResponse<ChatCompletionChunk> stream =
                    client.chat().completions().createStreaming(hi().build())) {
                String text = stream.stream()
                        .map(ChatCompletionChunk::validate)
                        .flatMap(chunk -> chunk.choices().stream())
                        .flatMap(choice -> choice.delta().content().stream())
                        .collect(Collectors.joining());
                assertThat(text).isEqualTo("bcd");
            }
            assertThat(client.models().list().data()).hasSize(2);
            client.close();
        }
    }

    @Test
    void embeddings() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client = client(server, "none", 0);
            CreateEmbeddingResponse answer = client.embeddings()
                    .create(EmbeddingCreateParams.builder()
                            .model("abc")
                            .inputOfArrayOfStrings(List.of("a", "bb"))
                            .build())
                    .validate();
            assertThat(answer.data()).hasSize(2);
            assertThat(answer.data().get(1).embedding()).hasSize(4);
            assertThat(answer.usage().promptTokens()).isEqualTo(3);
            client.close();
        }
    }

    @Test
    void responsesWholeStreamedAndContinued() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client = client(server, "none", 0);
            Response first = client.responses()
                    .create(ResponseCreateParams.builder()
                            .model("abc")
                            .input("hi")
                            .temperature(0)
                            .maxOutputTokens(3)
                            .build())
                    .validate();
            assertThat(text(first)).isEqualTo("bcd");
            assertThat(first.status()).hasValue(ResponseStatus.INCOMPLETE);
            ResponseCreateParams next = ResponseCreateParams.builder()
                    .model("abc")
                    .input("on")
                    .temperature(0)
                    .previousResponseId(first.id())
                    .build();
            try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(next)) {
                List<ResponseStreamEvent> events =
                        stream.stream().map(ResponseStreamEvent::validate).toList();
                String streamed = events.stream()
                        .flatMap(event -> event.outputTextDelta().stream())
                        .map(delta -> delta.delta())
                        .collect(Collectors.joining());
                Response last = events.getLast().completed().orElseThrow().response();
                assertThat(streamed).isEqualTo("bcdefghijklmnopqrstuvwxyz").isEqualTo(text(last));
                assertThat(client.responses().retrieve(last.id()).validate().output())
                        .isEqualTo(last.output());
            }
            assertThatThrownBy(() -> client.responses()
                            .create(next.toBuilder()
                                    .previousResponseId("resp_0")
                                    .build()))
                    .isInstanceOf(NotFoundException.class);
            client.close();
        }
    }

    private static String text(Response response) {
        return response.output().stream()
                .flatMap(item -> item.message().stream())
                .flatMap(message -> message.content().stream())
                .flatMap(part -> part.outputText().stream())
                .map(part -> part.text())
                .collect(Collectors.joining());
    }

    @Test
    void errorsBecomeTheClientsOwn() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client = client(server, "none", 0);
            assertThatThrownBy(() -> client.chat()
                            .completions()
                            .create(hi().model("nobody").build()))
                    .isInstanceOfSatisfying(NotFoundException.class, e -> {
                        assertThat(e.code()).hasValue("model_not_found");
                        assertThat(e.param()).hasValue("model");
                    });
            assertThatThrownBy(() -> client.chat()
                            .completions()
                            .create(hi().maxCompletionTokens(100_000).build()))
                    .isInstanceOfSatisfying(
                            BadRequestException.class, e -> assertThat(e.code()).hasValue("context_length_exceeded"));
            assertThatThrownBy(() -> client.chat()
                            .completions()
                            .create(hi().addUserMessage("!").build()))
                    .isInstanceOf(InternalServerException.class);
            assertThatThrownBy(() -> client.chat()
                            .completions()
                            .createStreaming(hi().temperature(-1).build()))
                    .isInstanceOf(BadRequestException.class);
            client.close();
        }
        try (TestServer server = TestServer.withKey("s3", new KeyLimits(1, 0, 0, 0, Set.of()))) {
            OpenAIClient stranger = client(server, "wrong", 0);
            assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
            stranger.close();
            OpenAIClient client = client(server, "s3", 0);
            client.chat().completions().create(hi().build());
            assertThatThrownBy(() -> client.chat().completions().create(hi().build()))
                    .isInstanceOf(RateLimitException.class);
            client.close();
        }
    }

    @Test
    void aRefusedRequestIsTriedAgain() throws Exception {
        try (TestServer server = new TestServer(
                http -> http, config -> config.withBatchLimits(1, 64).withQueueLimits(1, 10_000))) {
            FullQueue queue = FullQueue.of(server);
            OpenAIClient client = client(server, "none", 5);
            CompletableFuture<ChatCompletion> answer = CompletableFuture.supplyAsync(
                    () -> client.chat().completions().create(hi().build()), Thread::startVirtualThread);
            TestServer.await("the client was refused", () -> server.stats().numRejected() > 0);
            server.openGate();
            assertThat(answer.get(60, TimeUnit.SECONDS)
                            .choices()
                            .getFirst()
                            .message()
                            .content())
                    .hasValue("bcd");
            queue.close();
            client.close();
        }
    }

    @Test
    void aClosedStreamIsCancelledHere() throws Exception {
        try (TestServer server = new TestServer()) {
            server.slow(Duration.ofMillis(2));
            OpenAIClient client = client(server, "none", 0);
            try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                    .completions()
                    .createStreaming(hi().maxCompletionTokens(1500)
                            .putAdditionalBodyProperty("chat_template_kwargs", JsonValue.from(Map.of("start", "0")))
                            .build())) {
                Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
                for (int i = 0; i < 5; i++) {
                    chunks.next();
                }
            }
            TestServer.await("nothing is left", () -> server.stats().numOpenAnswers() == 0);
            assertThat(server.stats().numAborted()).isEqualTo(1);
            client.close();
        }
    }

    @Test
    void aRequestOverALimitIsTriedAgain() throws Exception {
        try (BusyKey busy = BusyKey.start()) {
            OpenAIClient client = client(busy.server, BusyKey.KEY, 5);
            CompletableFuture<ChatCompletion> answer = CompletableFuture.supplyAsync(
                    () -> client.chat().completions().create(hi().build()), Thread::startVirtualThread);
            busy.openWhenRefused(answer::isDone);
            assertThat(answer.get(60, TimeUnit.SECONDS).choices()).hasSize(1);
            client.close();
        }
    }
}
