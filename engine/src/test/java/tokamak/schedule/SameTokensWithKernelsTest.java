package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.backend.Backend;
import tokamak.backend.KvType;
import tokamak.backend.cpu.CpuBackend;
import tokamak.file.Checkpoint;
import tokamak.model.LanguageModel;
import tokamak.model.ModelLoader;
import tokamak.model.ModelOptions;
import tokamak.model.TinyModel;
import tokamak.model.arch.Families;
import tokamak.tensor.DType;

/**
 * The headline property on a real model: whether a request runs alone, among 32 others in random order, from the cache,
 * interrupted, in pieces of any size or on any number of threads, its tokens and log-probabilities are the same, bit for bit.
 *
 * <p>A few of the combinations run always; with {@code -Dtokamak.full=true} all of them do.
 */
class SameTokensWithKernelsTest {
    private static final boolean FULL = Boolean.getBoolean("tokamak.full");
    private static final int NUM_REQUESTS = 200;
    private static final int CROWD = 33;
    private static final int LONGEST = 128;

    private record Setting(int threads, int chunk, int numBlocks) {
        static Setting withRoom(int threads, int chunk) {
            return new Setting(threads, chunk, 400);
        }

        /** Memory for hardly more than the longest request. */
        static Setting crowded(int threads, int chunk) {
            return new Setting(threads, chunk, 9);
        }
    }

    private static List<Setting> settings() {
        if (!FULL) {
            return List.of(
                    Setting.withRoom(2, 512), Setting.withRoom(1, 16), Setting.withRoom(2, 64), Setting.crowded(1, 33));
        }
        List<Setting> all = new ArrayList<>();
        for (int threads : new int[] {1, 2}) {
            for (int chunk : new int[] {16, 64, 512}) {
                all.add(Setting.withRoom(threads, chunk));
                all.add(Setting.crowded(threads, chunk));
            }
        }
        return all;
    }

    private static List<SequenceRequest> requests(int count) {
        return Crowd.requests(count, 4, TinyModel.VOCAB_SIZE, 90, 14).stream()
                .map(SameTokensWithKernelsTest::withLogprobs)
                .toList();
    }

    private static SequenceRequest withLogprobs(SequenceRequest r) {
        return RandomRequests.withParams(r, r.params().toBuilder().logprobs(2).build());
    }

    @ParameterizedTest
    @CsvSource({"Q4_0, F16, 200", "F32, F32, 50", "Q8_0, INT8, 50", "Q8_0, INT4, 50"})
    void bitForBit(DType dtype, KvType kvType, int usualRequests) throws IOException {
        List<SequenceRequest> requests = requests(FULL ? NUM_REQUESTS : usualRequests);
        List<RecordingSink> alone = new ArrayList<>();
        with(dtype, kvType, new Setting(1, 256, 12), rig -> requests.forEach(r -> alone.add(freshlyRun(rig, r))));
        for (Setting setting : settings()) {
            with(dtype, kvType, setting, rig -> {
                Crowd.assertSame(Crowd.run(rig, requests, 1), alone);
                SchedulerStats stats = rig.scheduler.stats();
                if (setting.numBlocks < 100) {
                    assertThat(stats.numPreemptions()).isGreaterThan(requests.size() / 10);
                    return;
                }
                long cached = stats.numCachedTokens();
                Crowd.assertSame(Crowd.run(rig, requests, 2), alone);
                assertThat(stats.numCachedTokens() - cached)
                        .as("the second time much is in the cache")
                        .isGreaterThan(8L * requests.size());
            });
        }
        with(dtype, kvType, new Setting(1, 64, 40), rig -> {
            SlowBlockStore store = new SlowBlockStore(rig.model.kvMemory(), 5);
            StepRig keeping = new StepRig(rig.model, StepRig.config(CROWD, 64), store);
            keeping.beforeStep = () -> store.bringSome(keeping.scheduler);
            Crowd.assertSame(Crowd.run(keeping, requests, 6), alone);
            Crowd.assertSame(Crowd.run(keeping, requests, 7), alone);
            assertThat(keeping.scheduler.stats().numLoadedBlocks()).isGreaterThan(requests.size() / 2);
        });
    }

    /** Nothing of what others computed is found. */
    private static RecordingSink freshlyRun(StepRig rig, SequenceRequest request) {
        StepRig fresh = new StepRig(rig.model, StepRig.config(8, 256));
        return fresh.run(request);
    }

    private interface Use {
        void accept(StepRig rig);
    }

    private static void with(DType dtype, KvType kvType, Setting setting, Use use) throws IOException {
        int maxTokens = Math.max(setting.chunk, CROWD);
        ModelOptions options = new ModelOptions(LONGEST, 512, 512, kvType, setting.numBlocks, 16);
        SchedulerConfig config = new SchedulerConfig(
                CROWD,
                maxTokens,
                512,
                setting.chunk,
                Double.POSITIVE_INFINITY,
                Admission.WHOLE_PROMPT,
                true,
                1_000_000_000L);
        try (Checkpoint checkpoint = TinyModel.checkpoint(dtype, 11);
                Backend backend = new CpuBackend(setting.threads);
                LanguageModel model =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            use.accept(new StepRig(model, config));
        }
    }
}
