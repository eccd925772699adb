package tokamak.file;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * Writes a GGUF file, version 3, tensor by tensor. Until it is whole it has the suffix {@code .part}; when writing is
 * begun again with the same header, it goes on after the last tensor but one of such a file.
 */
public final class GgufOutput {
    private static final int ALIGNMENT = 32;

    /** Writes a tensor's bytes. */
    public interface Content {
        void write(TensorPlan tensor, WritableByteChannel out) throws IOException;
    }

    /**
     * A tensor that is to be written.
     *
     * @param shape outermost first
     */
    public record TensorPlan(String name, DType dtype, long[] shape) {
        public TensorPlan {
            if (!canHold(dtype)) {
                throw new IllegalArgumentException(name + ": GGUF files cannot hold " + dtype);
            }
        }

        public long byteSize() {
            return Tensor.byteSize(dtype, shape);
        }
    }

    private final Map<String, byte[]> pairs = new LinkedHashMap<>();
    private final List<TensorPlan> tensors = new ArrayList<>();

    /** A value as another file has it; see {@link GgufCheckpoint#rawPairs()}. */
    public void copy(String key, MemorySegment rawValue) {
        pairs.put(key, rawValue.toArray(ValueLayout.JAVA_BYTE));
    }

    /** A text, a whole number (of 32 bits, unsigned), a number, a flag, or a list of one of them. */
    public void put(String key, Object value) {
        Sink sink = new Sink();
        sink.typed(value);
        pairs.put(key, sink.toByteArray());
    }

    public void add(TensorPlan tensor) {
        tensors.add(tensor);
    }

    /** Bytes of all tensors. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(TensorPlan::byteSize).sum();
    }

    /** Writes everything; replaces what is at {@code target} when all is written. */
    public void write(Path target, Content content) throws IOException {
        List<Long> sizes = tensors.stream().map(TensorPlan::byteSize).toList();
        new PartFile(header(), sizes, ALIGNMENT).write(target, (i, out) -> content.write(tensors.get(i), out));
    }

    private byte[] header() {
        Sink out = new Sink();
        out.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.u32(3);
        out.u64(tensors.size());
        out.u64(pairs.size());
        pairs.forEach((key, typedValue) -> {
            out.text(key);
            out.bytes(typedValue);
        });
        long offset = 0;
        for (TensorPlan tensor : tensors) {
            out.text(tensor.name());
            out.u32(tensor.shape().length);
            for (int i = tensor.shape().length - 1; i >= 0; i--) {
                out.u64(tensor.shape()[i]);
            }
            out.u32(GgmlTypes.idOf(tensor.dtype()).getAsInt());
            out.u64(offset);
            offset = padded(offset + tensor.byteSize());
        }
        out.bytes(new byte[(int) (padded(out.size()) - out.size())]);
        return out.toByteArray();
    }

    private static long padded(long position) {
        return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Copies a segment of any length. */
    public static void writeFully(WritableByteChannel out, MemorySegment bytes) throws IOException {
        PartFile.writeFully(out, bytes);
    }

    /** Whether GGUF has a number for a format. */
    public static boolean canHold(DType dtype) {
        return GgmlTypes.idOf(dtype).isPresent();
    }

    /** Little-endian, growing. */
    private static final class Sink {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        void bytes(byte[] bytes) {
            out.writeBytes(bytes);
        }

        void u32(long value) {
            bytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) value)
                    .array());
        }

        void u64(long value) {
            bytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
        }

        void text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            u64(utf8.length);
            bytes(utf8);
        }

        void typed(Object value) {
            u32(type(value));
            if (value instanceof List<?> list) {
                u32(list.isEmpty() ? GgufValue.STRING : type(list.getFirst()));
                u64(list.size());
                list.forEach(this::bare);
            } else {
                bare(value);
            }
        }

        private void bare(Object value) {
            switch (value) {
                case String text -> text(text);
                case Boolean flag -> out.write(flag ? 1 : 0);
                case Integer number -> u32(number);
                case Long number -> u32(number);
                case Float number -> u32(Float.floatToRawIntBits(number));
                case Double number -> u32(Float.floatToRawIntBits(number.floatValue()));
                default -> throw new IllegalArgumentException("no GGUF value: " + value.getClass());
            }
        }

        /** Integers are signed, longs unsigned: readers ask for one or the other. */
        private static int type(Object value) {
            return switch (value) {
                case String _ -> GgufValue.STRING;
                case Boolean _ -> GgufValue.BOOL;
                case Integer _ -> GgufValue.I32;
                case Long _ -> GgufValue.U32;
                case Float _, Double _ -> GgufValue.F32;
                case List<?> _ -> GgufValue.ARRAY;
                default -> throw new IllegalArgumentException("no GGUF value: " + value.getClass());
            };
        }

        int size() {
            return out.size();
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }
    }
}
