package tokamak.schedule;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tokamak.backend.BlockMemory;

/** Keeps blocks in memory, takes any time to bring them back, and loses some. */
final class SlowBlockStore implements BlockStore {
    private final BlockMemory memory;
    private final SplittableRandom random;
    private final Map<List<Long>, byte[]> kept = new HashMap<>();
    private final List<BlockLoad> loads = new ArrayList<>();

    SlowBlockStore(BlockMemory memory, long seed) {
        this.memory = memory;
        this.random = new SplittableRandom(seed);
    }

    private static List<Long> key(long[] hashes, int index) {
        return Arrays.stream(hashes, index, index + BlockHasher.WORDS).boxed().toList();
    }

    @Override
    public boolean holds(long[] hashes, int index) {
        return kept.containsKey(key(hashes, index));
    }

    @Override
    public void load(BlockLoad load) {
        loads.add(load);
    }

    @Override
    public void offer(int block, BlockGenerations generations, long[] hashes, int index, int depth) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(memory.blockBytes());
            memory.copyOut(block, copy);
            byte[] before = kept.put(key(hashes, index), copy.toArray(ValueLayout.JAVA_BYTE));
            if (before != null && !Arrays.equals(before, copy.toArray(ValueLayout.JAVA_BYTE))) {
                throw new IllegalStateException("two contents for one hash");
            }
        }
    }

    int numLoads() {
        return loads.size();
    }

    /** Some loads come back, not in the order in which they were asked for, and not always whole. */
    void bringSome(Scheduler scheduler) {
        while (!loads.isEmpty() && random.nextInt(3) == 0) {
            BlockLoad load = loads.remove(random.nextInt(loads.size()));
            int count = 0;
            for (int i = 0; i < load.numBlocks(); i++) {
                List<Long> key = key(load.hashes(), load.hashIndex(i));
                byte[] bytes = random.nextInt(20) == 0 ? kept.remove(key) : kept.get(key);
                if (bytes == null || random.nextInt(20) == 0) {
                    kept.remove(key);
                    break;
                }
                memory.copyIn(load.block(i), MemorySegment.ofArray(bytes));
                count++;
            }
            load.loaded(count);
            scheduler.finish(load);
            scheduler.checkIntegrity();
        }
    }
}
