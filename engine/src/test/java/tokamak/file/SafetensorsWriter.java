package tokamak.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;
import tokamak.tensor.DType;

/** Writes small safetensors files for tests. */
public final class SafetensorsWriter {
    private final StringJoiner header = new StringJoiner(",", "{", "}");
    private final ByteSink data = new ByteSink();

    /** A tensor of F32. */
    public SafetensorsWriter tensor(String name, float[] values, long... shape) {
        ByteSink bytes = new ByteSink();
        for (float value : values) {
            bytes.f32(value);
        }
        return tensor(name, DType.F32, shape, bytes.toBytes());
    }

    public SafetensorsWriter tensor(String name, DType dtype, long[] shape, byte[] bytes) {
        int begin = data.size();
        data.raw(bytes);
        return entry(name, dtype.name(), Arrays.toString(shape), begin, data.size());
    }

    /** An entry alone, to say wrong things with. */
    SafetensorsWriter entry(String name, String dtype, String shape, long begin, long end) {
        return json("\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin
                + "," + end + "]}");
    }

    SafetensorsWriter json(String member) {
        header.add(member);
        return this;
    }

    public byte[] toBytes() {
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        return new ByteSink().u64(json.length).raw(json).raw(data.toBytes()).toBytes();
    }

    public Path write(Path file) throws IOException {
        return Files.write(file, toBytes());
    }
}
