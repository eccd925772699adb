package tokamak.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class TensorTest {
    private static Tensor tensor(DType dtype, long... shape) {
        long count = 1;
        for (long dim : shape) {
            count *= dim;
        }
        byte[] data = new byte[(int) dtype.bytes(count)];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) i;
        }
        return new Tensor("t", dtype, shape, MemorySegment.ofArray(data));
    }

    @Test
    void aSliceHoldsTheRowsItNames() {
        Tensor slice = tensor(DType.Q8_0, 4, 2, 32).slice(1, 3);
        assertThat(slice.shape()).containsExactly(2, 2, 32);
        assertThat(slice.data().byteSize()).isEqualTo(4 * 34);
        assertThat(LittleEndian.u8(slice.data(), 0)).isEqualTo(2 * 34);
        assertThat(tensor(DType.F32, 3, 5).slice(3, 3).count()).isZero();
    }

    @Test
    void aVectorIsSlicedAtBlocks() {
        Tensor vector = tensor(DType.Q4_0, 96);
        assertThat(vector.slice(32, 96).data().byteSize()).isEqualTo(36);
        assertThatThrownBy(() -> vector.slice(1, 33)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSliceOutsideIsRefused() {
        Tensor tensor = tensor(DType.F32, 3, 5);
        assertThatThrownBy(() -> tensor.slice(2, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.slice(-1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.slice(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void rowsAndColumnsCoverEveryRank() {
        assertThat(tensor(DType.F32).rows()).isOne();
        assertThat(tensor(DType.F32).columns()).isOne();
        assertThat(tensor(DType.F32, 7).rows()).isOne();
        assertThat(tensor(DType.F32, 2, 3, 4).rows()).isEqualTo(6);
        assertThat(tensor(DType.F32, 2, 0).rows()).isZero();
    }

    @Test
    void bytesMustFitTheShape() {
        MemorySegment data = MemorySegment.ofArray(new byte[36]);
        assertThatThrownBy(() -> new Tensor("w", DType.F32, new long[] {2, 4}, data))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'w'")
                .hasMessageContaining("32")
                .hasMessageContaining("36");
        assertThatThrownBy(() -> new Tensor("w", DType.Q4_0, new long[] {4, 16}, data))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole number of blocks");
        assertThatThrownBy(() -> new Tensor("w", DType.F32, new long[] {-1, -9}, data))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
