package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

/** The headline property on a real model: alone, in a crowd, from the cache, interrupted, in pieces, on more threads. */
class SameTokensWithKernelsTest {
    private static final int NUM_REQUESTS = 200;

    private final List<SequenceRequest> requests = Crowd.requests(NUM_REQUESTS, 4, TinyModel.VOCAB_SIZE, 90, 14);

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "Q4_0", "Q8_0"})
    void bitForBit(DType dtype) throws IOException {
        List<RecordingSink> alone = new ArrayList<>();
        with(dtype, 1, 12, 256, rig -> requests.forEach(request -> alone.add(freshlyRun(rig, request))));
        with(dtype, 2, 400, 512, rig -> {
            Crowd.assertSame(Crowd.run(rig, requests, 1), alone);
            long computed = rig.scheduler.stats().numComputedTokens();
            Crowd.assertSame(Crowd.run(rig, requests, 2), alone);
            assertThat(rig.scheduler.stats().numComputedTokens() - computed)
                    .as("the second time much is in the cache")
                    .isLessThan(computed);
        });
        with(dtype, 1, 40, 64, rig -> {
            SlowBlockStore store = new SlowBlockStore(rig.model.kvMemory(), 5);
            StepRig keeping = new StepRig(rig.model, StepRig.config(33, 64), store);
            keeping.beforeStep = () -> store.bringSome(keeping.scheduler);
            Crowd.assertSame(Crowd.run(keeping, requests, 6), alone);
            Crowd.assertSame(Crowd.run(keeping, requests, 7), alone);
            assertThat(keeping.scheduler.stats().numLoadedBlocks()).isGreaterThan(100);
        });
        with(dtype, 1, 400, 64, rig -> Crowd.assertSame(Crowd.run(rig, requests, 3), alone));
        with(dtype, 1, 9, 33, rig -> {
            Crowd.assertSame(Crowd.run(rig, requests, 4), alone);
            assertThat(rig.scheduler.stats().numPreemptions()).isGreaterThan(20);
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

    private static void with(DType dtype, int threads, int numBlocks, int maxTokens, Use use) throws IOException {
        ModelOptions options = new ModelOptions(128, maxTokens, maxTokens, KvType.F16, numBlocks, 16);
        try (Checkpoint checkpoint = TinyModel.checkpoint(dtype, 11);
                Backend backend = new CpuBackend(threads);
                LanguageModel model =
                        ModelLoader.load(checkpoint, Families.of(checkpoint), backend, options, share -> {})) {
            use.accept(new StepRig(model, StepRig.config(33, maxTokens)));
        }
    }
}
