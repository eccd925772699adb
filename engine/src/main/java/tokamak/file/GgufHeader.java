package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tokamak.tensor.DType;

/**
 * Everything in one GGUF file but the tensors' bytes. Source: the GGUF specification of the ggml project, versions 2 and
 * 3, little-endian.
 *
 * <p>Layout: magic, version, numTensors, numPairs; pairs; tensor entries; padding to the alignment; tensor data.
 */
record GgufHeader(Metadata metadata, Map<String, MemorySegment> rawPairs, List<TensorEntry> tensors) {
    private static final int MAGIC = 'G' | 'G' << 8 | 'U' << 16 | 'F' << 24;
    private static final int FIRST_VERSION = 2;
    private static final int LAST_VERSION = 3;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 20;
    private static final int MAX_DIMS = 4;
    private static final int MAX_KEY_BYTES = 1 << 16;
    private static final int MAX_PAIRS = 1 << 16;
    private static final int MAX_TENSORS = 1 << 20;
    /**
     * Real headers are at most about 20 MB, nearly all of it vocabulary. What is read from a header onto the heap is a
     * small multiple of its length, so this bounds what a hostile file can make us allocate.
     */
    private static final long MAX_HEADER_BYTES = 64L << 20;

    static GgufHeader read(Path file, MemorySegment mapped) throws ModelFormatException {
        ByteCursor in = mapped.byteSize() <= MAX_HEADER_BYTES
                ? new ByteCursor(file, mapped, "the file may be cut short")
                : new ByteCursor(
                        file,
                        mapped.asSlice(0, MAX_HEADER_BYTES),
                        "metadata is read up to " + MAX_HEADER_BYTES + " bytes");
        checkMagic(file, in, mapped.byteSize());
        int numTensors = in.readCount("tensors", 8 + 4 + 4 + 8, MAX_TENSORS);
        int numPairs = in.readCount("key-value pairs", 8 + 4 + 1, MAX_PAIRS);
        Map<String, MemorySegment> rawPairs = new LinkedHashMap<>();
        Metadata metadata = new Metadata(file.toString(), readPairs(in, numPairs, rawPairs));
        int alignment = alignment(file, metadata);
        List<RawTensor> raw = new ArrayList<>();
        for (int i = 0; i < numTensors; i++) {
            in.reading("entry " + i + " of the " + numTensors + " tensors");
            raw.add(RawTensor.read(in));
        }
        long dataStart = (in.position() + alignment - 1) / alignment * alignment;
        List<TensorEntry> entries = new ArrayList<>(raw.size());
        for (RawTensor tensor : raw) {
            entries.add(tensor.locate(file, dataStart, alignment));
        }
        return new GgufHeader(metadata, rawPairs, entries);
    }

    private static void checkMagic(Path file, ByteCursor in, long fileBytes) throws ModelFormatException {
        if (in.remaining() < Integer.BYTES || in.readInt() != MAGIC) {
            throw new ModelFormatException(file + ": expected a GGUF file, which begins with the letters GGUF, found "
                    + (fileBytes == 0 ? "an empty file" : "something else"));
        }
        int version = in.readInt();
        if ((version & 0xFFFF) == 0 && version != 0) {
            throw new ModelFormatException(file + ": a big-endian GGUF file (version bytes reversed), expected a"
                    + " little-endian one; convert the model again without --bigendian");
        }
        if (version < FIRST_VERSION || version > LAST_VERSION) {
            throw new ModelFormatException(file + ": expected GGUF version " + FIRST_VERSION + " or " + LAST_VERSION
                    + ", found " + Integer.toUnsignedString(version) + "; convert the model again with current tools");
        }
    }

    private static Map<String, Object> readPairs(ByteCursor in, int numPairs, Map<String, MemorySegment> raw)
            throws ModelFormatException {
        Map<String, Object> pairs = new LinkedHashMap<>();
        for (int i = 0; i < numPairs; i++) {
            in.reading("key-value pair " + i + " of " + numPairs);
            String key = in.readString(MAX_KEY_BYTES);
            in.reading("key '" + key + "'");
            long start = in.position();
            if (pairs.put(key, GgufValue.read(in)) != null) {
                throw in.broken("every key once", "it a second time");
            }
            raw.put(key, in.since(start));
        }
        return pairs;
    }

    private static int alignment(Path file, Metadata metadata) throws ModelFormatException {
        long alignment = metadata.integer("general.alignment", DEFAULT_ALIGNMENT);
        if (alignment < 1 || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw new ModelFormatException(file + ": key 'general.alignment': expected a power of two up to "
                    + MAX_ALIGNMENT + ", found " + alignment);
        }
        return (int) alignment;
    }

    /** A tensor's entry before it is known where the data begins. */
    private record RawTensor(String name, DType dtype, long[] shape, long byteSize, long offset) {
        static RawTensor read(ByteCursor in) throws ModelFormatException {
            String name = in.readString(TensorEntry.MAX_NAME_LENGTH);
            in.reading("tensor '" + name + "'");
            int rank = in.readInt();
            if (rank < 0 || rank > MAX_DIMS) {
                throw in.broken("at most " + MAX_DIMS + " dimensions", Integer.toUnsignedString(rank));
            }
            long[] shape = new long[rank];
            for (int i = rank - 1; i >= 0; i--) { // the file has the contiguous dimension first
                shape[i] = in.readLong();
            }
            int typeId = in.readInt();
            DType dtype = GgmlTypes.byId(typeId)
                    .orElseThrow(() -> in.broken("a known ggml type", "number " + Integer.toUnsignedString(typeId)));
            long byteSize = TensorEntry.bytes(dtype, shape)
                    .orElseThrow(() -> in.broken(
                            "a shape of whole " + dtype + " rows (multiples of " + dtype.blockSize() + ")",
                            Arrays.toString(shape)));
            return new RawTensor(name, dtype, shape, byteSize, in.readLong());
        }

        TensorEntry locate(Path file, long dataStart, int alignment) throws ModelFormatException {
            if (offset < 0 || offset % alignment != 0 || offset > Long.MAX_VALUE - dataStart - byteSize) {
                throw new ModelFormatException(
                        file + ": tensor '" + name + "': expected an offset that is a multiple of " + alignment
                                + ", found " + Long.toUnsignedString(offset));
            }
            long begin = dataStart + offset;
            return new TensorEntry(name, dtype, shape, begin, begin + byteSize);
        }
    }
}
