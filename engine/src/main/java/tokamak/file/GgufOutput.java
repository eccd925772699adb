package tokamak.file;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
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
    private static final int COPY_BYTES = 1 << 20;

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
            if (GgmlTypes.idOf(dtype).isEmpty()) {
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
        Path part = target.resolveSibling(target.getFileName() + ".part");
        byte[] header = header();
        try (FileChannel out =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            int done = numTrusted(out, header);
            long position = header.length;
            if (done == 0) {
                out.truncate(0);
                writeFully(out, ByteBuffer.wrap(header));
            }
            for (int i = 0; i < tensors.size(); i++) {
                TensorPlan tensor = tensors.get(i);
                if (i >= done) {
                    out.truncate(position);
                    out.position(position);
                    content.write(tensor, out);
                    if (out.position() != position + tensor.byteSize()) {
                        throw new IllegalStateException(tensor.name() + ": " + tensor.byteSize() + " bytes expected, "
                                + (out.position() - position) + " written");
                    }
                    writeFully(out, ByteBuffer.allocate((int) (padded(out.position()) - out.position())));
                    out.force(false);
                }
                position = padded(position + tensor.byteSize());
            }
            out.force(true);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Tensors of an unfinished file that need not be written again: all that are there but the last. */
    private int numTrusted(FileChannel part, byte[] header) throws IOException {
        if (part.size() < header.length) {
            return 0;
        }
        ByteBuffer found = ByteBuffer.allocate(header.length);
        while (found.hasRemaining() && part.read(found, found.position()) > 0) {}
        if (!Arrays.equals(found.array(), header)) {
            return 0;
        }
        int whole = 0;
        long position = header.length;
        for (TensorPlan tensor : tensors) {
            position = padded(position + tensor.byteSize());
            if (position > part.size()) {
                break;
            }
            whole++;
        }
        return Math.max(0, whole - 1);
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
        for (long at = 0; at < bytes.byteSize(); at += COPY_BYTES) {
            writeFully(
                    out,
                    bytes.asSlice(at, Math.min(COPY_BYTES, bytes.byteSize() - at))
                            .asByteBuffer());
        }
    }

    private static void writeFully(WritableByteChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
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
