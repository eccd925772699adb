package tokamak.file;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Appends little-endian numbers; tests build files, also broken ones, from these. */
final class ByteSink {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    ByteSink u8(int value) {
        bytes.write(value);
        return this;
    }

    ByteSink u16(int value) {
        return u8(value).u8(value >> 8);
    }

    ByteSink u32(long value) {
        return u16((int) value).u16((int) (value >> 16));
    }

    ByteSink u64(long value) {
        return u32(value).u32(value >> 32);
    }

    ByteSink f32(float value) {
        return u32(Float.floatToRawIntBits(value));
    }

    ByteSink f64(double value) {
        return u64(Double.doubleToRawLongBits(value));
    }

    /** A 64-bit length and UTF-8. */
    ByteSink string(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return u64(utf8.length).raw(utf8);
    }

    ByteSink raw(byte... values) {
        bytes.writeBytes(values);
        return this;
    }

    ByteSink padTo(int multiple) {
        while (bytes.size() % multiple != 0) {
            bytes.write(0);
        }
        return this;
    }

    int size() {
        return bytes.size();
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
