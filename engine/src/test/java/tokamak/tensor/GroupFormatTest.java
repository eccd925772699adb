package tokamak.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GroupFormatTest {
    @ParameterizedTest
    @EnumSource
    void aValueIsTheScaleTimesTheCodeLessTheZeroPoint(GroupFormat.Kind kind) {
        SplittableRandom random = new SplittableRandom(4);
        for (int blockSize = 32; blockSize <= 128; blockSize *= 2) {
            GroupFormat format = new GroupFormat(kind, blockSize);
            DType dtype = format.dtype();
            assertThat(GroupFormat.of(dtype)).contains(format);
            byte[] codes = new byte[blockSize + 3];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = (byte) random.nextInt(1 << kind.bits());
            }
            float scale = Float.float16ToFloat(Float.floatToFloat16((float) random.nextDouble(-1, 1)));
            int zero = random.nextInt(1 << kind.bits());
            MemorySegment block = MemorySegment.ofArray(new byte[dtype.blockBytes()]);
            format.encode(codes, 3, scale, zero, block, 0);

            float[] values = new float[blockSize];
            Dequantizers.of(dtype).dequantize(block, 0, values, 0, blockSize);
            for (int i = 0; i < blockSize; i++) {
                Float expected = scale * number(kind, codes[3 + i], zero);
                assertThat((Object) values[i]).isEqualTo(expected);
            }
        }
    }

    private static float number(GroupFormat.Kind kind, byte code, int zero) {
        if (kind == GroupFormat.Kind.F8) {
            float[] value = new float[1];
            Dequantizers.of(DType.F8_E4M3).dequantize(MemorySegment.ofArray(new byte[] {code}), 0, value, 0, 1);
            return value[0];
        }
        if (kind == GroupFormat.Kind.NF4) {
            return GroupFormat.normalFloats()[code];
        }
        return (code & 0xFF) - (kind.storesZero() ? zero : 1 << kind.bits() - 1);
    }
}
