package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import tokamak.backend.KvCache;
import tokamak.backend.KvLayout;
import tokamak.backend.StepInput;
import tokamak.backend.cpu.x64.BlockAttention;
import tokamak.backend.cpu.x64.LargeMemory;

/**
 * KV blocks in native memory. Per layer one segment of keys and one of values, each
 * {@code [numBlocks, numKvHeads, blockSize * dim]}, so that a head reads a block front to back. Where numbers have scales,
 * those of the block's tokens stand before the head's numbers.
 */
final class CpuKvCache implements KvCache {
    /** How the numbers of a block's tokens lie within the part of one head. */
    enum Arrangement {
        /** {@code [blockSize, dim]}: token after token. */
        ROWS,
        /** As {@link BlockAttention} reads them. */
        TILES
    }

    private static final float LARGEST_INT8 = 127;

    private final Arena arena = Arena.ofShared();
    private final KvLayout layout;
    private final Arrangement arrangement;
    private final int numBlocks;
    private final MemorySegment[] keys;
    private final MemorySegment[] values;
    private final FirstTouch firstTouch;

    CpuKvCache(KvLayout layout, int numBlocks, Arrangement arrangement) {
        this.layout = layout;
        this.numBlocks = numBlocks;
        this.arrangement = arrangement;
        int numLayers = layout.layers().size();
        keys = new MemorySegment[numLayers];
        values = new MemorySegment[numLayers];
        for (int i = 0; i < numLayers; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            keys[i] = LargeMemory.allocate(arena, blockBytes(layer, layer.headDim()) * numBlocks);
            values[i] = LargeMemory.allocate(arena, blockBytes(layer, layer.valueDim()) * numBlocks);
        }
        firstTouch = new FirstTouch(
                Stream.concat(Arrays.stream(keys), Arrays.stream(values)).toList(), numBlocks);
    }

    /** To be told before keys and values are stored. */
    void willStore(StepInput input) {
        int highest = -1;
        for (int i = 0; i < input.numTokens(); i++) {
            highest = Math.max(highest, input.slotMapping()[i]);
        }
        firstTouch.used(highest < 0 ? -1 : highest / layout.blockSize());
    }

    @Override
    public KvLayout layout() {
        return layout;
    }

    @Override
    public int numBlocks() {
        return numBlocks;
    }

    Arrangement arrangement() {
        return arrangement;
    }

    MemorySegment keys(int layer) {
        return keys[layer];
    }

    MemorySegment values(int layer) {
        return values[layer];
    }

    /** Bytes from block to block in a layer's keys or values. */
    long blockBytes(KvLayout.Layer layer, int dim) {
        return layout.type().vectorBytes(dim) * layer.numKvHeads() * layout.blockSize();
    }

    /** Copies a token's key of one head to {@code target}. */
    void loadKey(int layer, int slot, int kvHead, float[] target) {
        KvLayout.Layer shape = layout.layers().get(layer);
        load(keys[layer], key(slot, kvHead, shape), target);
    }

    /** Copies a token's value of one head to {@code target}. */
    void loadValue(int layer, int slot, int kvHead, float[] target) {
        KvLayout.Layer shape = layout.layers().get(layer);
        load(values[layer], value(slot, kvHead, shape), target);
    }

    /** Takes a token's key of one head from {@code source}. */
    void storeKey(int layer, int slot, int kvHead, float[] source) {
        KvLayout.Layer shape = layout.layers().get(layer);
        store(keys[layer], key(slot, kvHead, shape), source);
    }

    /** Takes a token's value of one head from {@code source}. */
    void storeValue(int layer, int slot, int kvHead, float[] source) {
        KvLayout.Layer shape = layout.layers().get(layer);
        store(values[layer], value(slot, kvHead, shape), source);
    }

    /**
     * Where one token's vector of one head is.
     *
     * @param scale byte at which its scale is, for types that have one
     * @param numbers byte at which the numbers of the head's part of the block begin
     * @param order index of each of its numbers there
     */
    private record Place(long scale, long numbers, int dim, IntUnaryOperator order) {}

    private Place key(int slot, int kvHead, KvLayout.Layer shape) {
        int inBlock = slot % layout.blockSize();
        int dim = shape.headDim();
        return place(
                slot,
                kvHead,
                shape,
                dim,
                switch (arrangement) {
                    case ROWS -> i -> inBlock * dim + i;
                    case TILES -> i -> BlockAttention.keyIndex(inBlock, i);
                });
    }

    private Place value(int slot, int kvHead, KvLayout.Layer shape) {
        int inBlock = slot % layout.blockSize();
        int dim = shape.valueDim();
        return place(
                slot,
                kvHead,
                shape,
                dim,
                switch (arrangement) {
                    case ROWS -> i -> inBlock * dim + i;
                    case TILES -> i -> BlockAttention.valueIndex(inBlock, i);
                });
    }

    private Place place(int slot, int kvHead, KvLayout.Layer shape, int dim, IntUnaryOperator order) {
        long block = slot / layout.blockSize();
        long part = block * blockBytes(shape, dim) + kvHead * layout.type().vectorBytes(dim) * layout.blockSize();
        long headerBytes = switch (layout.type()) {
            case F32, F16 -> 0;
            case INT8 -> (long) layout.blockSize() * Float.BYTES;
        };
        return new Place(part + (long) slot % layout.blockSize() * Float.BYTES, part + headerBytes, dim, order);
    }

    private void load(MemorySegment memory, Place place, float[] target) {
        for (int i = 0; i < place.dim; i++) {
            int at = place.order.applyAsInt(i);
            target[i] = switch (layout.type()) {
                case F32 -> memory.get(JAVA_FLOAT, place.numbers + (long) at * Float.BYTES);
                case F16 -> Float.float16ToFloat(memory.get(JAVA_SHORT, place.numbers + (long) at * Short.BYTES));
                case INT8 -> memory.get(JAVA_FLOAT, place.scale) * memory.get(JAVA_BYTE, place.numbers + at);
            };
        }
    }

    private void store(MemorySegment memory, Place place, float[] source) {
        float largest = 0;
        for (int i = 0; i < place.dim; i++) {
            largest = Math.max(largest, Math.abs(source[i]));
        }
        // of numbers that aren't finite no scale is, so that they reach the result
        float scale = largest / LARGEST_INT8 + (largest - largest);
        float inverse = Math.min(LARGEST_INT8 / largest, Float.MAX_VALUE);
        for (int i = 0; i < place.dim; i++) {
            int at = place.order.applyAsInt(i);
            switch (layout.type()) {
                case F32 -> memory.set(JAVA_FLOAT, place.numbers + (long) at * Float.BYTES, source[i]);
                case F16 ->
                    memory.set(JAVA_SHORT, place.numbers + (long) at * Short.BYTES, Float.floatToFloat16(source[i]));
                case INT8 -> {
                    memory.set(JAVA_FLOAT, place.scale, scale);
                    memory.set(JAVA_BYTE, place.numbers + at, (byte) Math.rint(source[i] * inverse));
                }
            }
        }
    }

    @Override
    public String format() {
        return layout + " " + arrangement;
    }

    @Override
    public void copyOut(int block, MemorySegment target) {
        long at = 0;
        for (int i = 0; i < keys.length; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            at = copyOut(keys[i], block, blockBytes(layer, layer.headDim()), target, at);
            at = copyOut(values[i], block, blockBytes(layer, layer.valueDim()), target, at);
        }
    }

    private static long copyOut(MemorySegment blocks, int block, long bytes, MemorySegment target, long at) {
        MemorySegment.copy(blocks, block * bytes, target, at, bytes);
        return at + bytes;
    }

    @Override
    public void copyIn(int block, MemorySegment source) {
        long at = 0;
        for (int i = 0; i < keys.length; i++) {
            KvLayout.Layer layer = layout.layers().get(i);
            at = copyIn(keys[i], block, blockBytes(layer, layer.headDim()), source, at);
            at = copyIn(values[i], block, blockBytes(layer, layer.valueDim()), source, at);
        }
    }

    private static long copyIn(MemorySegment blocks, int block, long bytes, MemorySegment source, long at) {
        MemorySegment.copy(source, at, blocks, block * bytes, bytes);
        return at + bytes;
    }

    long bytes() {
        return Math.multiplyExact(layout.blockBytes(), (long) numBlocks);
    }

    @Override
    public void close() {
        firstTouch.close();
        arena.close();
    }
}
