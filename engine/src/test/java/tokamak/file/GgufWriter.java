package tokamak.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tokamak.tensor.DType;

/** Writes small GGUF files for tests. */
public final class GgufWriter {
    static final int U8 = 0;
    static final int I8 = 1;
    static final int U16 = 2;
    static final int I16 = 3;
    static final int U32 = 4;
    static final int I32 = 5;
    static final int F32 = 6;
    static final int BOOL = 7;
    static final int STRING = 8;
    static final int ARRAY = 9;
    static final int U64 = 10;
    static final int I64 = 11;
    static final int F64 = 12;

    private final ByteSink pairs = new ByteSink();
    private final List<Entry> entries = new ArrayList<>();
    private int numPairs;
    private int version = 3;
    private int alignment = 32;

    /** @param shape outermost first */
    private record Entry(String name, int typeId, long[] shape, byte[] data) {}

    public GgufWriter version(int newVersion) {
        version = newVersion;
        return this;
    }

    /** Stores the alignment and uses it. */
    public GgufWriter alignment(int newAlignment) {
        alignment = newAlignment;
        return u32("general.alignment", newAlignment);
    }

    public GgufWriter string(String key, String value) {
        return pair(key, STRING, sink -> sink.string(value));
    }

    public GgufWriter u32(String key, long value) {
        return pair(key, U32, sink -> sink.u32(value));
    }

    public GgufWriter u16(String key, int value) {
        return pair(key, U16, sink -> sink.u16(value));
    }

    public GgufWriter i32(String key, int value) {
        return pair(key, I32, sink -> sink.u32(value));
    }

    public GgufWriter f32(String key, double value) {
        return pair(key, F32, sink -> sink.f32((float) value));
    }

    public GgufWriter bool(String key, boolean value) {
        return pair(key, BOOL, sink -> sink.u8(value ? 1 : 0));
    }

    public GgufWriter strings(String key, String... values) {
        return array(key, STRING, values.length, sink -> {
            for (String value : values) {
                sink.string(value);
            }
        });
    }

    public GgufWriter i32s(String key, int... values) {
        return array(key, I32, values.length, sink -> {
            for (int value : values) {
                sink.u32(value);
            }
        });
    }

    public GgufWriter f32s(String key, float... values) {
        return array(key, F32, values.length, sink -> {
            for (float value : values) {
                sink.f32(value);
            }
        });
    }

    GgufWriter array(String key, int elementType, long count, Consumer<ByteSink> elements) {
        return pair(key, ARRAY, sink -> {
            sink.u32(elementType).u64(count);
            elements.accept(sink);
        });
    }

    GgufWriter pair(String key, int type, Consumer<ByteSink> value) {
        pairs.string(key).u32(type);
        value.accept(pairs);
        numPairs++;
        return this;
    }

    /** A tensor of F32. */
    public GgufWriter tensor(String name, float[] values, long... shape) {
        ByteSink data = new ByteSink();
        for (float value : values) {
            data.f32(value);
        }
        return tensor(name, DType.F32, shape, data.toBytes());
    }

    /** @param shape outermost first, as {@link tokamak.tensor.Tensor} has it */
    public GgufWriter tensor(String name, DType dtype, long[] shape, byte[] data) {
        return tensor(name, typeId(dtype), shape, data);
    }

    GgufWriter tensor(String name, int typeId, long[] shape, byte[] data) {
        entries.add(new Entry(name, typeId, shape.clone(), data));
        return this;
    }

    public byte[] toBytes() {
        ByteSink out = new ByteSink();
        out.raw((byte) 'G', (byte) 'G', (byte) 'U', (byte) 'F').u32(version);
        out.u64(entries.size()).u64(numPairs).raw(pairs.toBytes());
        ByteSink data = new ByteSink();
        for (Entry entry : entries) {
            out.string(entry.name).u32(entry.shape.length);
            for (int i = entry.shape.length - 1; i >= 0; i--) {
                out.u64(entry.shape[i]);
            }
            out.u32(entry.typeId).u64(data.size());
            data.raw(entry.data).padTo(alignment);
        }
        return out.padTo(alignment).raw(data.toBytes()).toBytes();
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, toBytes());
    }

    private static int typeId(DType dtype) {
        for (int id = 0; id < 64; id++) {
            if (GgmlTypes.byId(id).filter(dtype::equals).isPresent()) {
                return id;
            }
        }
        throw new IllegalArgumentException(dtype + " has no number in GGUF files");
    }
}
