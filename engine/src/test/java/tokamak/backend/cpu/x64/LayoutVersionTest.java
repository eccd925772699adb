package tokamak.backend.cpu.x64;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/**
 * Packed weights outlive the program that packed them. If a checksum here is no longer right, packed bytes have become others:
 * raise {@link PackedMatrix#LAYOUT_VERSION}, then write the new checksums down. A format that joins changes the sums alone.
 */
class LayoutVersionTest {
    private static final int VERSION_OF_THESE_SUMS = 1;
    private static final Map<Isa, Long> SUMS = new EnumMap<>(Map.of(
            Isa.AVX2,
            2041576217L,
            Isa.AVX_VNNI,
            2264609165L,
            Isa.AVX512,
            3418223519L,
            Isa.AVX512_BF16,
            3418223519L,
            Isa.AMX,
            3418223519L));
    private static final long SUM_OF_FLOATS = 2517954018L;

    @Test
    void integerFormatsArePackedAsTheVersionSays() {
        Map<Isa, Long> found = new EnumMap<>(Isa.class);
        for (Isa isa : Isa.values()) {
            CRC32C sum = new CRC32C();
            try (Arena arena = Arena.ofConfined()) {
                for (QuantFormat format : QuantFormat.values()) {
                    Tensor tensor = RandomTensors.create(format.dtype, 19, 512, new SplittableRandom(2), arena);
                    QuantPacker packer = new QuantPacker(format, isa, 512);
                    PackedLayout layout = PackedLayout.of(format, isa);
                    for (int row = 0; row < 19; row += layout.lanes()) {
                        MemorySegment panel = arena.allocate(layout.panelBytes(512), 64);
                        packer.packPanel(tensor.data(), 19, row, panel);
                        sum.update(panel.asByteBuffer());
                    }
                }
            }
            found.put(isa, sum.getValue());
        }
        assertThat(found).isEqualTo(SUMS);
        assertThat(PackedMatrix.LAYOUT_VERSION).isEqualTo(VERSION_OF_THESE_SUMS);
    }

    @Test
    void floatFormatsArePackedAsTheVersionSays() {
        try (Kernels kernels = Kernels.forIsa(Isa.AVX2);
                Arena arena = Arena.ofConfined()) {
            CRC32C sum = new CRC32C();
            for (FloatFormat format : FloatFormat.values()) {
                DType dtype = format.dtype;
                Tensor tensor =
                        RandomTensors.create(dtype, 19, format.hasScales() ? 256 : 77, new SplittableRandom(2), arena);
                PackedMatrix matrix = PackedMatrix.allocate(kernels, tensor, arena);
                matrix.pack(tensor, 0, matrix.numPanels());
                sum.update(matrix.memory().asByteBuffer());
            }
            assertThat(sum.getValue()).isEqualTo(SUM_OF_FLOATS);
        } catch (IllegalArgumentException | ExecutableMemoryException e) {
            Assumptions.abort("no machine code here: " + e.getMessage());
        }
    }
}
