package tokamak.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tokamak.backend.AttentionShape;
import tokamak.backend.StepInput;

class AttentionPlanTest {
    private static final int MAX_ROWS = 12;

    private record Work(int sequence, int head, int row, int part) {}

    /** Every row of every head sees every part of its sequence's context once, whatever the threads and lengths. */
    @Test
    void chunksCoverAllRowsHeadsAndPartsOnce() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 300; i++) {
            int kvHeads = random.nextInt(1, 9);
            int group = random.nextInt(1, 15);
            int window = random.nextInt(3) == 0 ? random.nextInt(1, 900) : 0;
            int[] from = random.ints(random.nextInt(1, 5), 0, 3000).toArray();
            int[] count =
                    random.ints(from.length, 0, random.nextBoolean() ? 2 : 40).toArray();
            AttentionShape shape = new AttentionShape(kvHeads * group, kvHeads, 16, 16, 1, 0, window, null);
            AttentionPlan plan = new AttentionPlan(random.nextInt(1, 17));
            plan.make(shape, input(from, count), MAX_ROWS);
            check(plan, from, count, kvHeads, group, window);
        }
    }

    private static void check(AttentionPlan plan, int[] from, int[] count, int kvHeads, int group, int window) {
        Set<Work> done = new HashSet<>();
        for (int chunk = 0; chunk < plan.numChunks(); chunk++) {
            int s = plan.sequence(chunk);
            assertThat(plan.endRow(s, chunk) - plan.firstRow(s, chunk)).isBetween(1, MAX_ROWS);
            if (!plan.isCut(s)) {
                assertThat(plan.endPart(s, chunk) - plan.firstPart(s, chunk)).isEqualTo(plan.numParts(s));
            }
            for (int head = 0; head < plan.numHeads(s, chunk); head++) {
                for (int row = plan.firstRow(s, chunk); row < plan.endRow(s, chunk); row++) {
                    for (int part = plan.firstPart(s, chunk); part < plan.endPart(s, chunk); part++) {
                        assertThat(done.add(new Work(s, plan.firstHead(s, chunk) + head, row, part)))
                                .isTrue();
                    }
                }
            }
        }
        int expected = 0;
        for (int s = 0; s < from.length; s++) {
            int first = window == 0 ? 0 : Math.max(0, from[s] - window + 1);
            int parts = (from[s] + count[s] - 1) / AttentionPlan.PART - first / AttentionPlan.PART + 1;
            expected += count[s] == 0 ? 0 : parts * kvHeads * group * count[s];
        }
        assertThat(done).hasSize(expected);
    }

    @Test
    void resultsOfPartsDoNotOverlap() {
        AttentionPlan plan = new AttentionPlan(4);
        plan.make(
                new AttentionShape(8, 4, 16, 16, 1, 0, 0, null),
                input(new int[] {2000, 1500}, new int[] {1, 2}),
                MAX_ROWS);
        Set<Integer> rows = new HashSet<>();
        for (int s = 0; s < 2; s++) {
            assertThat(plan.isCut(s)).isTrue();
            for (int part = 0; part < plan.numParts(s); part++) {
                int start = plan.partRow(s, part);
                assertThat(IntStream.range(start, start + 4 * plan.numRows(s))).allMatch(rows::add);
            }
        }
        assertThat(rows).hasSize(plan.numPartRows());
    }

    private static StepInput input(int[] from, int[] count) {
        int rows = IntStream.of(count).sum();
        int[] starts = new int[from.length + 1];
        int[] lengths = new int[from.length];
        int[] positions = new int[rows];
        for (int s = 0; s < from.length; s++) {
            starts[s + 1] = starts[s] + count[s];
            lengths[s] = from[s] + count[s];
            for (int i = 0; i < count[s]; i++) {
                positions[starts[s] + i] = from[s] + i;
            }
        }
        return new StepInput(
                rows,
                from.length,
                0,
                new int[rows],
                positions,
                starts,
                lengths,
                new int[rows],
                new int[0],
                0,
                new int[0]);
    }
}
