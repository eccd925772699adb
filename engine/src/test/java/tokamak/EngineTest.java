package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tokamak.EngineRig.CONFIG;
import static tokamak.EngineRig.VOCAB;
import static tokamak.EngineRig.assertInvalid;
import static tokamak.EngineRig.assertNothingLeft;
import static tokamak.EngineRig.engine;
import static tokamak.EngineRig.letters;
import static tokamak.EngineRig.model;
import static tokamak.EngineRig.request;
import static tokamak.EngineRig.sleep;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.FinishReason;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.api.TokenEvent;
import tokamak.api.Usage;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;

/** Answers: what comes, and that it is what was asked for. */
@Timeout(120)
class EngineTest {
    @Test
    void eventsComeInOrderAndAddUpToTheAnswer() {
        try (Engine engine = engine()) {
            Generation whole = engine.generate(request("hello", letters(20)));
            TokenStream stream = engine.submit(request("hello", letters(20)));
            List<TokenEvent> events = new ArrayList<>();
            stream.forEach(events::add);
            assertThat(events.getFirst()).isInstanceOf(TokenEvent.PromptDone.class);
            assertThat(events.getLast())
                    .isEqualTo(new TokenEvent.Finished(
                            0, FinishReason.LENGTH, Optional.empty(), OptionalInt.empty(), new Usage(5, 20, 0)));
            String text = events.stream()
                    .map(event -> event instanceof TokenEvent.Delta delta ? delta.text() : "")
                    .collect(Collectors.joining());
            assertThat(text).isEqualTo(whole.text()).hasSize(20);
            assertThat(whole.usage()).isEqualTo(new Usage(5, 20, 0));
            assertThat(whole.promptTokenIds()).containsExactly(104, 101, 108, 108, 111);
            assertThat(stream.next()).isNull();
        }
    }

    @Test
    void manyThreadsGetWhatEachWouldGetAlone() throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 60; i++) {
            SamplingParams.Builder params = letters(random.nextInt(1, 40)).logprobs(2);
            if (i % 2 == 0) {
                params.temperature(1).seed(i);
            }
            requests.add(request("shared beginning of all prompts ".repeat(i % 3) + i, params));
        }
        List<Generation> alone = new ArrayList<>();
        for (GenerationRequest request : requests) {
            try (Engine engine = engine(model(), CONFIG.withPrefixCaching(false))) {
                alone.add(engine.generate(request));
            }
        }
        try (Engine engine = engine();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Generation>> together = new ArrayList<>();
            for (GenerationRequest request : requests) {
                together.add(threads.submit(() -> engine.generate(request)));
            }
            for (int i = 0; i < requests.size(); i++) {
                Generation one = alone.get(i);
                Generation among = together.get(i).get();
                assertThat(among.completions()).isEqualTo(one.completions());
            }
            assertNothingLeft(engine);
        }
    }

    @Test
    void severalAnswersDifferAndTheFirstIsTheOneThatWouldComeAlone() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(12).temperature(1).seed(3);
            Generation one = engine.generate(request("prompt", params));
            Generation three = engine.generate(request("prompt", params.n(3)));
            Generation again = engine.generate(request("prompt", params));
            assertThat(three.completions()).hasSize(3);
            assertThat(three.completions().getFirst().tokenIds())
                    .isEqualTo(one.completions().getFirst().tokenIds());
            assertThat(new HashSet<>(
                            three.completions().stream().map(c -> c.text()).toList()))
                    .hasSize(3);
            assertThat(again.completions()).isEqualTo(three.completions());
            assertThat(three.usage().completionTokens()).isEqualTo(36);
            assertThat(three.usage().promptTokens()).isEqualTo(6);
        }
    }

    @Test
    void bestOfKeepsTheMostLikelyAnswers() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(6).temperature(1).seed(3).logprobs(0);
            Generation all = engine.generate(request("prompt", params.n(8)));
            Generation best = engine.generate(request("prompt", params.n(2).bestOf(8)));
            List<String> expected = all.completions().stream()
                    .sorted((a, b) -> Double.compare(meanLogprob(b), meanLogprob(a)))
                    .limit(2)
                    .map(completion -> completion.text())
                    .toList();
            assertThat(best.completions())
                    .extracting(completion -> completion.text())
                    .isEqualTo(expected);
            assertThat(best.completions())
                    .extracting(completion -> completion.index())
                    .containsExactly(0, 1);
            assertThat(best.usage().completionTokens())
                    .as("what was thrown away was paid for")
                    .isEqualTo(48);
        }
    }

    private static double meanLogprob(tokamak.api.Completion completion) {
        return completion.logprobs().stream()
                .mapToDouble(logprobs -> logprobs.chosen().logprob())
                .average()
                .orElseThrow();
    }

    @Test
    void stopStringsEndTheAnswerWhereverTokensPart() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("stop", letters(40))).text();
            String stop = text.substring(9, 13); // four tokens
            int at = text.indexOf(stop);
            Generation cut = engine.generate(request("stop", letters(40).stop("zz", stop)));
            assertThat(cut.text()).isEqualTo(text.substring(0, at));
            assertThat(cut.completions().getFirst().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(cut.completions().getFirst().stopString()).contains(stop);
            assertThat(cut.usage().completionTokens()).isEqualTo(at + 4);
            Generation with =
                    engine.generate(request("stop", letters(40).stop(stop).includeStopString(true)));
            assertThat(with.text()).isEqualTo(text.substring(0, at + 4));
        }
    }

    @Test
    void aStopStringThatNeverCompletesIsGivenBackAtTheEnd() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("stop", letters(10))).text();
            Generation held = engine.generate(request("stop", letters(10).stop(text.substring(7) + "x")));
            assertThat(held.text()).isEqualTo(text);
            assertThat(held.completions().getFirst().finishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void anAnswerWithAStopStringIsCancelledInTheEngine() throws Exception {
        try (Engine engine = engine(model().beforeStep(step -> sleep(1)), CONFIG)) {
            String text = engine.generate(request("stop", letters(10))).text();
            engine.generate(request("stop", letters(900).stop(text.substring(2, 6))));
            assertNothingLeft(engine);
            assertThat(engine.stats().numAborted()).isOne();
        }
    }

    @Test
    void stopTokensEndTheAnswerAndAreNotPartOfItsText() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("ids", letters(40))).text();
            int stopId = text.charAt(12);
            int at = text.indexOf(stopId);
            Generation cut = engine.generate(request("ids", letters(40).stopTokenIds(Set.of(stopId))));
            assertThat(cut.text()).isEqualTo(text.substring(0, at));
            assertThat(cut.completions().getFirst().tokenIds()).hasSize(at + 1).endsWith(stopId);
            assertThat(cut.completions().getFirst().stopTokenId()).hasValue(stopId);
            Generation later = engine.generate(
                    request("ids", letters(40).stopTokenIds(Set.of(stopId)).minTokens(20)));
            assertThat(later.text()).hasSizeGreaterThanOrEqualTo(20).doesNotContain(Character.toString(stopId));
        }
    }

    @Test
    void theModelsEndTokenEndsTheAnswerUnlessItIsIgnored() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = letters(10)
                    .allowedTokenIds(Set.of(ByteTokenizer.EOS, (int) 'a'))
                    .logitBias(Map.of(ByteTokenizer.EOS, 100.0));
            Generation ended = engine.generate(request("eos", params));
            assertThat(ended.completions().getFirst().tokenIds()).containsExactly(ByteTokenizer.EOS);
            assertThat(ended.completions().getFirst().finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(ended.completions().getFirst().stopTokenId()).isEmpty();
            assertThat(ended.text()).isEmpty();
            Generation ignored = engine.generate(request("eos", params.ignoreEos(true)));
            assertThat(ignored.completions().getFirst().tokenIds()).hasSize(10);
        }
    }

    @Test
    void badWordsNeverCome() {
        try (Engine engine = engine()) {
            String text = engine.generate(request("bad", letters(60))).text();
            String bad = text.substring(20, 23);
            String clean = engine.generate(request("bad", letters(60).badWords(List.of(bad))))
                    .text();
            assertThat(clean).hasSize(60).doesNotContain(bad).startsWith(text.substring(0, text.indexOf(bad) + 2));
        }
    }

    @Test
    void scoreIsWhatLogprobsSay() {
        try (Engine engine = engine()) {
            SamplingParams.Builder params = SamplingParams.builder()
                    .temperature(0)
                    .maxTokens(20)
                    .logprobs(10)
                    .ignoreEos(true);
            Generation generation =
                    engine.generate(GenerationRequest.tokens(5, 6, 7).withSampling(params.build()));
            var completion = generation.completions().getFirst();
            int[] all = new int[22];
            all[0] = 5;
            all[1] = 6;
            all[2] = 7;
            for (int i = 0; i < 19; i++) {
                all[3 + i] = completion.tokenIds().get(i);
            }
            var score = engine.score(new Prompt.Tokens(all));
            assertThat(score.tokenIds()).hasSize(22);
            assertThat(score.logprobs()).hasSize(21);
            for (int i = 0; i < 19; i++) {
                assertThat(score.logprobs().get(2 + i))
                        .isEqualTo(completion.logprobs().get(i).chosen().logprob());
            }
            assertThat(score.top()).isEqualTo(completion.logprobs().get(19).top());
            assertThat(engine.score(new Prompt.Tokens(new int[1024])).logprobs())
                    .hasSize(1023);
        }
    }

    /** The last token of an answer is not computed again and needs no place in memory. */
    @Test
    @Timeout(60)
    void aTextMayFillAllMemory() {
        for (boolean guaranteed : new boolean[] {false, true}) {
            try (Engine engine =
                    engine(new HashModel(VOCAB, 4, 16, 64, 64), CONFIG.withGuaranteedNoEvict(guaranteed))) {
                assertThat(engine.score(new Prompt.Tokens(new int[64])).logprobs())
                        .hasSize(63);
            }
        }
    }

    @Test
    void promptLogprobsComeWithTheAnswer() {
        try (Engine engine = engine()) {
            Generation generation = engine.generate(
                    request("some text", letters(2).promptLogprobs(3).n(2)));
            assertThat(generation.promptLogprobs())
                    .hasSize(8)
                    .allMatch(logprobs -> logprobs.top().size() == 3);
            assertThat(generation.promptLogprobs())
                    .extracting(logprobs -> logprobs.chosen().tokenId())
                    .isEqualTo(generation.promptTokenIds().subList(1, 9));
        }
    }

    @Test
    void aChatIsWrittenOutByTheTemplate() {
        try (Engine engine = engine()) {
            Prompt.Chat chat = Prompt.Chat.of(Message.system("be brief"), Message.user("hello"));
            assertThat(engine.render(chat)).isEqualTo("[system]be brief[user]hello[assistant]");
            Generation ofChat = engine.generate(
                    GenerationRequest.of(chat).withSampling(letters(5).build()));
            assertThat(ofChat.completions())
                    .isEqualTo(engine.generate(request("[system]be brief[user]hello[assistant]", letters(5)))
                            .completions());
            assertInvalid(engine, GenerationRequest.chat(Message.of("fool", "x")), "messages", "no fools");
        }
    }

    @Test
    void aSubscriberGetsEveryEvent() throws Exception {
        try (Engine engine = engine()) {
            StringBuilder text = new StringBuilder();
            CompletableFuture<Generation> future = engine.submit(request("call me", letters(15)))
                    .subscribe(event -> {
                        if (event instanceof TokenEvent.Delta delta) {
                            text.append(delta.text());
                        }
                    });
            assertThat(future.get().text()).isEqualTo(text.toString()).hasSize(15);
            CompletableFuture<Generation> broken = engine.submit(request("call me", letters(500)))
                    .subscribe(event -> {
                        throw new IllegalStateException("no thanks");
                    });
            assertThatThrownBy(broken::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("no thanks");
            assertNothingLeft(engine);
        }
    }
}
