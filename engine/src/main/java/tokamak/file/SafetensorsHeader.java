package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tokamak.tensor.DType;

/**
 * The table of tensors at the front of a safetensors file. Source: the format description of the safetensors project.
 *
 * <p>Layout: length of the header, the header as a JSON object, tensor data; offsets count from the data's beginning.
 */
final class SafetensorsHeader {
    private static final long MAX_HEADER_BYTES = 100_000_000; // the format's own limit
    private static final int MAX_DIMS = 16;
    private static final String COMMENTS = "__metadata__";

    private SafetensorsHeader() {}

    static List<TensorEntry> read(Path file, MemorySegment mapped) throws ModelFormatException {
        ByteCursor in = new ByteCursor(file, mapped, "the file may be cut short");
        in.reading("the length of the header");
        long length = in.readLong();
        long fits = Math.min(MAX_HEADER_BYTES, in.remaining());
        if (length < 2 || length > fits) {
            throw in.broken("a number from 2 to " + fits, Long.toUnsignedString(length));
        }
        in.reading("the header");
        byte[] json = in.view(length).toArray(ValueLayout.JAVA_BYTE);
        List<TensorEntry> entries = new ArrayList<>();
        Json.parse(file + ", header", json, (name, value) -> {
            if (value == null) {
                throw broken(file, name, "an object", "null");
            }
            Metadata entry = new Metadata(file.toString(), Map.of(name, value))
                    .object(name)
                    .orElseThrow();
            if (!name.equals(COMMENTS)) {
                entries.add(entry(file, name, entry, in.position()));
            }
        });
        return entries;
    }

    private static TensorEntry entry(Path file, String name, Metadata entry, long dataStart)
            throws ModelFormatException {
        if (name.length() > TensorEntry.MAX_NAME_LENGTH) {
            throw broken(
                    file,
                    name.substring(0, 64) + "...",
                    "a name of at most " + TensorEntry.MAX_NAME_LENGTH + " characters",
                    "" + name.length());
        }
        String dtypeName = entry.string("dtype");
        DType dtype = dtype(dtypeName).orElseThrow(() -> broken(file, name, "a supported dtype", dtypeName));
        long[] shape = entry.integers("shape");
        if (shape.length > MAX_DIMS) {
            throw broken(file, name, "at most " + MAX_DIMS + " dimensions", "" + shape.length);
        }
        long[] offsets = entry.integers("data_offsets");
        if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
            throw broken(file, name, "data_offsets of a begin and a later end", Arrays.toString(offsets));
        }
        OptionalLong expected = TensorEntry.bytes(dtype, shape);
        if (expected.isEmpty() || expected.getAsLong() != offsets[1] - offsets[0]) {
            String needed = expected.isEmpty() ? "a shape that makes sense" : expected.getAsLong() + " bytes";
            throw broken(
                    file,
                    name,
                    needed + " for " + dtype + Arrays.toString(shape),
                    "data_offsets " + Arrays.toString(offsets) + ", " + (offsets[1] - offsets[0]) + " bytes");
        }
        if (offsets[1] > Long.MAX_VALUE - dataStart) {
            throw broken(file, name, "data_offsets inside the file", Arrays.toString(offsets));
        }
        return new TensorEntry(name, dtype, shape, dataStart + offsets[0], dataStart + offsets[1]);
    }

    /** The type of a name in the header. */
    static Optional<DType> dtype(String name) {
        return switch (name) {
            case "F64",
                    "F32",
                    "F16",
                    "BF16",
                    "F8_E4M3",
                    "F8_E5M2",
                    "F8_E8M0",
                    "I64",
                    "I32",
                    "I16",
                    "I8",
                    "U8",
                    "BOOL" -> Optional.of(DType.valueOf(name));
            default -> Optional.empty();
        };
    }

    private static ModelFormatException broken(Path file, String name, String expected, String found) {
        return new ModelFormatException(
                file + ": tensor '" + name + "' of the header: expected " + expected + ", found " + found);
    }
}
