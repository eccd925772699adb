package tokamak;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import tokamak.api.ContextLengthException;
import tokamak.api.EmbeddingRequest;
import tokamak.api.InvalidRequestException;
import tokamak.api.Pooling;
import tokamak.api.SamplingParams;
import tokamak.schedule.SequenceRequest;

/**
 * A request for embeddings, checked and in token ids.
 *
 * @param dimensions numbers of each vector that are kept
 */
record EmbeddingPlan(EmbeddingRequest request, List<int[]> promptIds, Pooling pooling, int dimensions) {
    static EmbeddingPlan of(EmbeddingRequest request, LoadedModel loaded, RequestPreparer preparer, int contextLength) {
        int size = loaded.model().stateSize();
        if (size == 0) {
            throw new InvalidRequestException("model", "the model '" + loaded.name() + "' gives no embeddings");
        }
        if (request.dimensions() > size) {
            throw new InvalidRequestException(
                    "dimensions",
                    "dimensions must be at most " + size + ", the model's own, found " + request.dimensions());
        }
        List<int[]> ids = request.prompts().stream().map(preparer::promptIds).toList();
        for (int[] prompt : ids) {
            if (prompt.length > contextLength) {
                throw new ContextLengthException(prompt.length, 0, contextLength);
            }
        }
        return new EmbeddingPlan(
                request,
                ids,
                request.pooling().orElse(loaded.pooling()),
                request.dimensions() == 0 ? size : request.dimensions());
    }

    /** The sequence is computed to its end and not continued: how tokens would be chosen does not matter. */
    SequenceRequest sequenceRequest(int index, long deadlineNanos) {
        return new SequenceRequest(
                promptIds.get(index),
                SamplingParams.greedy(),
                0,
                1,
                Set.of(),
                OptionalInt.empty(),
                request.priority(),
                request.tenant(),
                request.cacheSalt(),
                deadlineNanos,
                request.timeout().orElse(Duration.ZERO),
                null);
    }

    /** The vector that a pooled state becomes: cut, then scaled to length 1 if that is wanted. */
    float[] vector(float[] state) {
        float[] vector = Arrays.copyOf(state, dimensions);
        if (request.isNormalised()) {
            double squares = 0;
            for (float x : vector) {
                squares += (double) x * x;
            }
            double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
            for (int i = 0; i < vector.length; i++) {
                vector[i] = (float) (vector[i] * scale);
            }
        }
        return vector;
    }
}
