package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Many requests at once, arriving in random order while steps are made. */
final class Crowd {
    private Crowd() {}

    static List<SequenceRequest> requests(int count, long seed, int vocabSize, int maxPrompt, int maxOutput) {
        SplittableRandom random = new SplittableRandom(seed);
        List<SequenceRequest> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(RandomRequests.next(random, vocabSize, maxPrompt, maxOutput));
        }
        return list;
    }

    /** What came of each request, in the order of the requests. */
    static List<RecordingSink> run(StepRig rig, List<SequenceRequest> requests, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RecordingSink> sinks = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            sinks.add(new RecordingSink());
            order.add(random.nextInt(i + 1), i);
        }
        int next = 0;
        while (next < requests.size() || rig.scheduler.hasWork()) {
            for (int n = random.nextInt(4); n > 0 && next < requests.size(); n--) {
                int i = order.get(next++);
                rig.scheduler.add(rig.sequence(requests.get(i), sinks.get(i)));
            }
            rig.step();
        }
        return sinks;
    }

    /** Tokens and log-probabilities, bit for bit. */
    static void assertSame(List<RecordingSink> sinks, List<RecordingSink> expectedSinks) {
        assertThat(sinks).hasSameSizeAs(expectedSinks);
        for (int i = 0; i < sinks.size(); i++) {
            RecordingSink expected = expectedSinks.get(i);
            RecordingSink actual = sinks.get(i);
            assertThat(actual.tokenIds).as("tokens of request %d", i).isEqualTo(expected.tokenIds);
            assertThat(actual.logprobs).as("logprobs of request %d", i).isEqualTo(expected.logprobs);
            assertThat(actual.promptLogprobs)
                    .as("prompt logprobs of request %d", i)
                    .isEqualTo(expected.promptLogprobs);
            assertThat(actual.finished).isEqualTo(expected.finished).isNotNull();
        }
    }
}
