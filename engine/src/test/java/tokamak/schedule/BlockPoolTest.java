package tokamak.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
    private static long[] hash(int value) {
        // Equal low words on purpose: collisions must be told apart.
        return new long[] {value % 3, value, 0, 1};
    }

    @Test
    void blocksAreGivenOutInEvictionOrder() {
        BlockPool pool = new BlockPool(4);
        int a = pool.allocate();
        int b = pool.allocate();
        int c = pool.allocate();
        pool.register(a, hash(1), 0);
        pool.register(b, hash(2), 0);
        // Given back last one first: the tail of the chain goes first.
        pool.release(c);
        pool.release(b);
        pool.release(a);
        assertThat(List.of(pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()))
                .as("nameless, never used, then the chain's tail, then its head")
                .containsExactly(c, 3, b, a);
        assertThat(pool.allocate()).isEqualTo(BlockPool.NONE);
    }

    @Test
    void aCachedBlockIsFoundUntilItIsGivenOut() {
        BlockPool pool = new BlockPool(2);
        int block = pool.allocate();
        pool.register(block, hash(5), 0);
        pool.release(block);
        assertThat(pool.find(hash(5), 0)).isEqualTo(block);
        assertThat(pool.find(hash(8), 0)).isEqualTo(BlockPool.NONE);
        pool.retain(block);
        assertThat(pool.numFree()).isEqualTo(1);
        pool.release(block);
        pool.allocate();
        pool.allocate();
        assertThat(pool.find(hash(5), 0)).isEqualTo(BlockPool.NONE);
    }

    @Test
    void releasingTooOftenIsAnError() {
        BlockPool pool = new BlockPool(2);
        int block = pool.allocate();
        pool.release(block);
        assertThatThrownBy(() -> pool.release(block)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theBooksBalanceAfterEveryOneOfManyRandomOperations() {
        SplittableRandom random = new SplittableRandom(4);
        int numBlocks = 23;
        BlockPool pool = new BlockPool(numBlocks);
        int[] usedBy = new int[numBlocks];
        List<Integer> held = new ArrayList<>();
        Map<Integer, Integer> blockOfHash = new HashMap<>();
        for (int operation = 0; operation < 60_000; operation++) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    int block = pool.allocate();
                    assertThat(block == BlockPool.NONE)
                            .isEqualTo(Arrays.stream(usedBy).allMatch(n -> n > 0));
                    if (block != BlockPool.NONE) {
                        assertThat(usedBy[block]++).isZero();
                        held.add(block);
                        blockOfHash.values().remove(block);
                    }
                }
                case 1 -> {
                    if (!held.isEmpty()) {
                        int block = held.remove(random.nextInt(held.size()));
                        pool.release(block);
                        usedBy[block]--;
                    }
                }
                case 2 -> {
                    int value = random.nextInt(40);
                    int block = pool.find(hash(value), 0);
                    assertThat(block).isEqualTo(blockOfHash.getOrDefault(value, BlockPool.NONE));
                    if (block != BlockPool.NONE && held.size() < 60) {
                        pool.retain(block);
                        usedBy[block]++;
                        held.add(block);
                    }
                }
                default -> {
                    int value = random.nextInt(40);
                    if (!held.isEmpty()) {
                        int block = held.get(random.nextInt(held.size()));
                        if (!blockOfHash.containsValue(block)) {
                            pool.register(block, hash(value), 0);
                            blockOfHash.putIfAbsent(value, block);
                        }
                    }
                }
            }
            pool.checkIntegrity(usedBy);
        }
    }

    @Test
    void theHashChainStandsForEverythingBefore() {
        BlockHasher hasher = new BlockHasher(4);
        int[] tokens = {1, 2, 3, 4, 5, 6, 7, 8};
        long[] chain = chain(hasher, "", tokens);
        assertThat(chain(new BlockHasher(4), "", tokens)).isEqualTo(chain);
        int[] changed = tokens.clone();
        changed[0] = 9;
        assertThat(secondBlock(chain(hasher, "", changed))).isNotEqualTo(secondBlock(chain));
        assertThat(secondBlock(chain(hasher, "salt", tokens))).isNotEqualTo(secondBlock(chain));
    }

    private static long[] chain(BlockHasher hasher, String salt, int[] tokens) {
        long[] chain = Arrays.copyOf(hasher.root(salt), 3 * BlockHasher.WORDS);
        hasher.hash(chain, 0, tokens, 0, chain, BlockHasher.WORDS);
        hasher.hash(chain, BlockHasher.WORDS, tokens, 4, chain, 2 * BlockHasher.WORDS);
        return chain;
    }

    private static long[] secondBlock(long[] chain) {
        return Arrays.copyOfRange(chain, 2 * BlockHasher.WORDS, 3 * BlockHasher.WORDS);
    }
}
