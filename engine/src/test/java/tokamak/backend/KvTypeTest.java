package tokamak.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvTypeTest {
    @ParameterizedTest
    @CsvSource({"auto,F32", "F16,F16", "half,F16", "int8,INT8", "int8_per_token_head,INT8", "int4,INT4", "float32,F32"})
    void namesOfOtherEnginesAreKnown(String name, KvType type) {
        assertThat(KvType.named(name)).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({
        "fp8,int8 takes as much",
        "bfloat16,f16 takes as much",
        "q4_0,int4 takes the least",
        "x,'auto (which is f32)'"
    })
    void aTypeThatThereIsntIsRefusedWithWhatComesClosest(String name, String advice) {
        assertThatThrownBy(() -> KvType.named(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + name + "'")
                .hasMessageContaining(advice);
    }

    @Test
    void blocksCountScales() {
        List<KvLayout.Layer> layers = List.of(new KvLayout.Layer(2, 64, 32), new KvLayout.Layer(1, 128, 128));
        int numbers = 16 * (2 * (64 + 32) + 2 * 128);
        int vectors = 16 * 6;
        assertThat(new KvLayout(layers, KvType.F32, 16).blockBytes()).isEqualTo(4L * numbers);
        assertThat(new KvLayout(layers, KvType.F16, 16).blockBytes()).isEqualTo(2L * numbers);
        assertThat(new KvLayout(layers, KvType.INT8, 16).blockBytes()).isEqualTo(numbers + 4L * vectors);
    }
}
