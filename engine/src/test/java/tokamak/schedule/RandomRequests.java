package tokamak.schedule;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import tokamak.api.SamplingParams;

/** Requests of every kind from a seed. */
final class RandomRequests {
    private RandomRequests() {}

    static SequenceRequest of(int[] promptIds, int maxTokens, SamplingParams params) {
        return new SequenceRequest(
                promptIds,
                params,
                params.seed().orElse(0),
                maxTokens,
                params.stopTokenIds(),
                params.promptLogprobs(),
                0,
                "",
                "",
                Long.MAX_VALUE,
                Duration.ZERO,
                null);
    }

    static SequenceRequest next(SplittableRandom random, int vocabSize, int maxPrompt, int maxOutput) {
        int[] promptIds =
                random.ints(random.nextInt(1, maxPrompt + 1), 0, vocabSize).toArray();
        if (random.nextInt(3) == 0) {
            // A beginning that others have as well.
            int shared = Math.min(promptIds.length, 40);
            for (int i = 0; i < shared; i++) {
                promptIds[i] = i % 7;
            }
        }
        SequenceRequest plain = of(promptIds, random.nextInt(1, maxOutput + 1), params(random, vocabSize));
        return new SequenceRequest(
                plain.promptIds(),
                plain.params(),
                plain.seed(),
                plain.maxTokens(),
                plain.stopIds(),
                random.nextInt(8) == 0 ? OptionalInt.of(2) : OptionalInt.empty(),
                random.nextInt(-1, 2),
                "tenant-" + random.nextInt(3),
                random.nextInt(4) == 0 ? "salt" : "",
                Long.MAX_VALUE,
                Duration.ZERO,
                null);
    }

    static SequenceRequest withParams(SequenceRequest request, SamplingParams params) {
        return new SequenceRequest(
                request.promptIds(),
                params,
                request.seed(),
                request.maxTokens(),
                request.stopIds(),
                request.promptTopLogprobs(),
                request.priority(),
                request.tenant(),
                request.cacheSalt(),
                request.deadlineNanos(),
                request.timeout(),
                request.grammar());
    }

    static SamplingParams params(SplittableRandom random, int vocabSize) {
        SamplingParams.Builder builder = SamplingParams.builder().seed(random.nextLong());
        if (random.nextBoolean()) {
            builder.temperature(0);
        } else {
            builder.temperature(random.nextDouble(0.2, 2))
                    .topK(random.nextInt(3) == 0 ? random.nextInt(1, vocabSize) : 0)
                    .topP(random.nextInt(3) == 0 ? random.nextDouble(0.3, 1) : 1)
                    .minP(random.nextInt(3) == 0 ? random.nextDouble(0, 0.2) : 0);
        }
        if (random.nextInt(3) == 0) {
            builder.repetitionPenalty(random.nextDouble(0.8, 1.5))
                    .presencePenalty(random.nextDouble(-1, 1))
                    .frequencyPenalty(random.nextDouble(-1, 1));
        }
        if (random.nextInt(4) == 0) {
            builder.logitBias(Map.of(random.nextInt(vocabSize), random.nextDouble(-5, 5)))
                    .badWordIds(List.of(List.of(1), List.of(2, 3)));
        }
        if (random.nextInt(4) == 0) {
            builder.stopTokenIds(Set.of(random.nextInt(vocabSize))).minTokens(0);
        }
        if (random.nextInt(2) == 0) {
            builder.logprobs(random.nextInt(4));
        }
        return builder.build();
    }
}
