package tokamak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static tokamak.EngineRig.CONFIG;
import static tokamak.EngineRig.assertNothingLeft;
import static tokamak.EngineRig.await;
import static tokamak.EngineRig.engine;
import static tokamak.EngineRig.letters;
import static tokamak.EngineRig.model;
import static tokamak.EngineRig.request;
import static tokamak.EngineRig.sleep;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tokamak.api.DeadlineExceededException;
import tokamak.api.EngineClosedException;
import tokamak.api.FinishReason;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.StepFailedException;
import tokamak.schedule.HashModel;

/** The end of answers and of the engine: cancelled, closed, late, failed. Nothing is left of any. */
@Timeout(120)
class EngineLifeTest {
    @Test
    void cancellingEndsAnAnswerAndFreesItsBlocks() throws Exception {
        try (Engine engine = engine(model().beforeStep(step -> sleep(1)), CONFIG)) {
            TokenStream stream = engine.submit(request("cancel", letters(1000)));
            for (int i = 0; i < 5; i++) {
                stream.next();
            }
            stream.cancel();
            Generation rest = stream.collect();
            assertThat(rest.completions().getFirst().finishReason()).isEqualTo(FinishReason.ABORT);
            assertNothingLeft(engine);
        }
    }

    @Test
    void anInterruptedReaderCancels() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        try (Engine engine = engine(model, CONFIG)) {
            TokenStream stream = engine.submit(request("interrupt", letters(1000)));
            Throwable[] thrown = new Throwable[1];
            Thread reader = Thread.startVirtualThread(() -> thrown[0] = catchThrowable(stream::collect));
            Thread.sleep(20);
            reader.interrupt();
            reader.join();
            go.countDown();
            assertThat(thrown[0]).isInstanceOf(CancellationException.class);
            assertNothingLeft(engine);
        }
    }

    @Test
    void closingEndsWhatRunsWithATypedErrorAndRefusesTheRest() {
        HashModel model = model().beforeStep(step -> sleep(20));
        Engine engine = engine(model, CONFIG);
        TokenStream stream = engine.submit(request("close", letters(1000)));
        stream.next();
        engine.close();
        assertThatThrownBy(stream::collect).isInstanceOf(EngineClosedException.class);
        assertThatThrownBy(() -> engine.submit(request("late", letters(5)))).isInstanceOf(EngineClosedException.class);
        assertThat(model.isClosed()).isTrue();
        assertNothingLeft(engine);
        engine.close();
    }

    @Test
    void shuttingDownLetsAnswersComeToTheirEnd() {
        Engine engine = engine();
        List<TokenStream> streams = IntStream.range(0, 20)
                .mapToObj(i -> engine.submit(request("drain " + i, letters(30))))
                .toList();
        assertThat(engine.shutdown(Duration.ofSeconds(60))).isTrue();
        streams.forEach(stream -> assertThat(stream.collect().text()).hasSize(30));
        assertNothingLeft(engine);
    }

    @Test
    void shuttingDownDoesNotWaitForever() {
        HashModel model = model().beforeStep(step -> sleep(20));
        Engine engine = engine(model, CONFIG);
        TokenStream stream = engine.submit(request("slow", letters(1000)));
        assertThat(engine.shutdown(Duration.ofMillis(100))).isFalse();
        assertThatThrownBy(stream::collect).isInstanceOf(EngineClosedException.class);
        assertNothingLeft(engine);
    }

    @Test
    void aPassedTimeoutIsATypedError() {
        HashModel model = model().beforeStep(step -> sleep(5));
        try (Engine engine = engine(model, CONFIG)) {
            GenerationRequest request = request("timeout", letters(1000)).withTimeout(Duration.ofMillis(60));
            assertThatThrownBy(() -> engine.generate(request))
                    .isInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("60 ms");
        }
    }

    @Test
    void aFailingStepIsATypedErrorAndTheEngineGoesOn() {
        HashModel model = model().poison(200);
        try (Engine engine = engine(model, CONFIG)) {
            TokenStream good = engine.submit(request("good", letters(200)));
            assertThatThrownBy(() -> engine.generate(GenerationRequest.tokens(1, 2, 200)))
                    .isInstanceOf(StepFailedException.class)
                    .hasMessageContaining("poisoned token 200");
            assertThat(good.collect().text()).hasSize(200);
            assertNothingLeft(engine);
        }
    }

    @Test
    void aStepThatTakesTooLongIsReported() {
        CountDownLatch go = new CountDownLatch(1);
        HashModel model = model().beforeStep(step -> await(go));
        try (Engine engine = engine(model, CONFIG.withSlowStep(Duration.ofMillis(20)))) {
            TokenStream stream = engine.submit(request("slow", letters(3)));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (engine.stats().numSlowSteps() == 0 && System.nanoTime() < end) {
                sleep(5);
            }
            assertThat(engine.stats().numSlowSteps()).isOne();
            go.countDown();
            assertThat(stream.collect().text()).hasSize(3);
        }
    }
}
