package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

/** LangChain4j's module for OpenAI. */
class LangChain4jTest {
    private static OpenAiChatModel.OpenAiChatModelBuilder chat(TestServer server) {
        return OpenAiChatModel.builder()
                .baseUrl(server.server.url() + "/v1")
                .apiKey("none")
                .modelName("abc")
                .temperature(0.0)
                .maxTokens(3)
                .maxRetries(0)
                .timeout(Duration.ofSeconds(30));
    }

    private static OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder streaming(TestServer server) {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(server.server.url() + "/v1")
                .apiKey("none")
                .modelName("abc")
                .temperature(0.0);
    }

    @Test
    void chatsAndEmbeddings() throws Exception {
        try (TestServer server = new TestServer()) {
            ChatResponse answer =
                    chat(server).build().chat(List.of(SystemMessage.from("be brief"), UserMessage.from("hi")));
            assertThat(answer.aiMessage().text()).isEqualTo("bcd");
            assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(3);
            OpenAiEmbeddingModel embeddings = OpenAiEmbeddingModel.builder()
                    .baseUrl(server.server.url() + "/v1")
                    .apiKey("none")
                    .modelName("abc")
                    .maxRetries(0)
                    .build();
            assertThat(embeddings
                            .embedAll(List.of(TextSegment.from("a"), TextSegment.from("bb")))
                            .content()
                            .get(1)
                            .vector())
                    .hasSize(4);
        }
    }

    @Test
    void streamedChats() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAiStreamingChatModel model = streaming(server).maxTokens(20).build();
            Collector collector = new Collector();
            model.chat("hi", collector);
            ChatResponse answer = collector.end.get(30, TimeUnit.SECONDS);
            assertThat(answer.aiMessage().text()).isEqualTo("bcdefghijklmnopqrstu");
            assertThat(collector.text.toString()).isEqualTo(answer.aiMessage().text());
            assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(20);
        }
    }

    private static class Collector implements StreamingChatResponseHandler {
        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String part) {
            text.append(part);
        }

        @Override
        public void onCompleteResponse(ChatResponse answer) {
            end.complete(answer);
        }

        @Override
        public void onError(Throwable error) {
            end.completeExceptionally(error);
        }
    }

    @Test
    void errorsBecomeTheClientsOwn() throws Exception {
        try (TestServer server = new TestServer()) {
            assertThatThrownBy(() -> chat(server).modelName("nobody").build().chat("hi"))
                    .isInstanceOf(ModelNotFoundException.class);
            assertThatThrownBy(() -> chat(server).temperature(-1.0).build().chat("hi"))
                    .isInstanceOf(InvalidRequestException.class);
        }
        try (TestServer server = TestServer.withKey("s3", new KeyLimits(1, 0, 0, 0, Set.of()))) {
            assertThatThrownBy(() -> chat(server).build().chat("hi")).isInstanceOf(AuthenticationException.class);
            assertThat(chat(server).apiKey("s3").build().chat("hi")).isEqualTo("bcd");
            assertThatThrownBy(() -> chat(server).apiKey("s3").build().chat("hi"))
                    .isInstanceOf(RateLimitException.class);
        }
    }

    @Test
    void aRefusedRequestIsTriedAgain() throws Exception {
        try (TestServer server = new TestServer(
                http -> http, config -> config.withBatchLimits(1, 64).withQueueLimits(1, 10_000))) {
            FullQueue queue = FullQueue.of(server);
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(
                    () -> chat(server).maxRetries(5).build().chat("hi"), Thread::startVirtualThread);
            TestServer.await("the client was refused", () -> server.stats().numRejected() > 0);
            server.openGate();
            assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("bcd");
            queue.close();
        }
    }

    @Test
    void aRequestOverALimitIsTriedAgain() throws Exception {
        try (BusyKey busy = BusyKey.start()) {
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(
                    () -> chat(busy.server)
                            .apiKey(BusyKey.KEY)
                            .maxRetries(5)
                            .build()
                            .chat("hi"),
                    Thread::startVirtualThread);
            busy.openWhenRefused(answer::isDone);
            assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("bcd");
        }
    }

    @Test
    void aCancelledStreamIsCancelledHere() throws Exception {
        try (TestServer server = new TestServer()) {
            server.slow(Duration.ofMillis(2));
            OpenAiStreamingChatModel model = streaming(server)
                    .maxTokens(1500)
                    // Digits go on for ever.
                    .customParameters(Map.of("chat_template_kwargs", Map.of("start", "0")))
                    .build();
            AtomicInteger parts = new AtomicInteger();
            Collector collector = new Collector() {
                @Override
                public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                    if (parts.incrementAndGet() == 5) {
                        context.streamingHandle().cancel();
                    }
                }
            };
            model.chat("hi", collector);
            TestServer.await("it was cancelled", () -> server.stats().numAborted() == 1);
            assertThat(server.stats().numOpenAnswers()).isZero();
            assertThat(parts.get()).isEqualTo(5);
        }
    }
}
