package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** Kernels for processors that are not here, run by an emulator. */
class TileKernelTest {
    private static final OperatingSystem SYSTEM = OperatingSystem.LINUX;
    /** A whole panel and one that is not. */
    private static final int ROWS = 19;

    static Stream<QuantFormat> tiledFormats() {
        return Arrays.stream(QuantFormat.values())
                .filter(format -> QuantLinearKernel.maxTokens(Isa.AMX, format) == TileConfig.MAX_ROWS)
                .filter(format -> !format.name().endsWith("_G64"));
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q5_1", "Q4_K", "Q6_K", "MXFP4", "NVFP4", "U4_G32"})
    void theEmulatorComputesWhatTheProcessorDoes(QuantFormat format) {
        try (Kernels kernels = Kernels.forIsa(Isa.AVX512);
                Arena arena = Arena.ofConfined()) {
            Bytes bytes = Bytes.of(format, 5, arena);
            float[] emulated = emulate(Isa.AVX512, format, 5, bytes, arena);
            float[] real = new float[emulated.length];
            MemorySegment y = arena.allocate(4L * real.length);
            byte[] code = QuantLinearKernel.generate(Isa.AVX512, SYSTEM, format, 5);
            record Key(QuantFormat format) {}
            bytes.call(
                    (a, b, c, d, e, f, g) ->
                            kernels.routine(new Key(format), _ -> code).call(a, b, c, d, e, f, g, 0),
                    y,
                    5);
            MemorySegment.copy(y, JAVA_FLOAT_UNALIGNED, 0, real, 0, real.length);
            assertThat(emulated).isEqualTo(real);
        } catch (IllegalArgumentException | ExecutableMemoryException e) {
            Assumptions.abort("no AVX-512 here: " + e.getMessage());
        }
    }

    @ParameterizedTest
    @MethodSource("tiledFormats")
    void tilesGiveTheBitsOfVectors(QuantFormat format) {
        for (int tokens : new int[] {13, 16}) {
            try (Arena arena = Arena.ofConfined()) {
                Bytes bytes = Bytes.of(format, tokens, arena);
                float[] tiled = emulate(Isa.AMX, format, tokens, bytes, arena);
                for (int token = 0; token < tokens; token += 5) {
                    float[] alone = emulate(Isa.AMX, format, 1, bytes.alone(token, arena), arena);
                    assertThat(Arrays.copyOfRange(tiled, token * ROWS, (token + 1) * ROWS))
                            .as("token %d of %d", token, tokens)
                            .isEqualTo(alone);
                }
                assertThat(tiled).doesNotContain(Float.NaN).isNotEqualTo(new float[tiled.length]);
            }
        }
    }

    private interface Call {
        void call(long weights, long activations, long y, long steps, long yStride, long rows, long tiles);
    }

    /** Packed weights of random numbers, and one tile of random activations. */
    private record Bytes(
            ActivationLayout layout,
            int tokens,
            int groups,
            MemorySegment weights,
            MemorySegment activations,
            int steps) {
        static Bytes of(QuantFormat format, int tokens, Arena arena) {
            SplittableRandom random = new SplittableRandom(4);
            int columns = Math.max(96, format.dtype.blockSize());
            Tensor tensor = RandomTensors.create(format.dtype, ROWS, columns, random, arena);
            long panelBytes = PackedLayout.of(format, Isa.AMX).panelBytes(columns);
            MemorySegment weights = arena.allocate(2 * panelBytes, 64);
            QuantPacker packer = new QuantPacker(format, Isa.AMX, columns);
            for (int panel = 0; panel < 2; panel++) {
                packer.packPanel(tensor.data(), ROWS, panel * 16, weights.asSlice(panel * panelBytes, panelBytes));
            }
            ActivationLayout layout = ActivationLayout.of(format, Isa.AMX);
            int groups = columns / QuantFormat.GROUP;
            MemorySegment activations = arena.allocate((long) groups * tokens * layout.groupBytes());
            for (long at = 0; at < activations.byteSize(); at += layout.groupBytes()) {
                fillGroup(layout, activations, at, random);
            }
            return new Bytes(layout, tokens, groups, weights, activations, columns / format.dtype.blockSize());
        }

        private static void fillGroup(ActivationLayout layout, MemorySegment target, long at, SplittableRandom random) {
            float scale = (float) random.nextDouble(0.001, 0.1);
            target.set(JAVA_FLOAT_UNALIGNED, at, scale);
            int[] sums = new int[layout.slots()];
            for (int i = 0; i < QuantFormat.GROUP; i++) {
                int number = random.nextInt(-127, 128);
                sums[i / layout.subBlock()] += number;
                target.set(JAVA_BYTE, at + layout.stepOffset(0) + i, (byte) number);
            }
            for (int slot = 0; slot < sums.length; slot++) {
                int bits = layout.slot() == ActivationLayout.Slot.SCALED_SUM
                        ? Float.floatToRawIntBits(scale * sums[slot])
                        : -layout.offset() * sums[slot];
                target.set(JAVA_INT_UNALIGNED, at + layout.slotOffset(slot), bits);
            }
        }

        Bytes alone(int token, Arena arena) {
            int bytes = layout.groupBytes();
            MemorySegment one = arena.allocate((long) groups * bytes);
            for (int group = 0; group < groups; group++) {
                long from = ((long) group * tokens + token) * bytes;
                MemorySegment.copy(activations, from, one, (long) group * bytes, bytes);
            }
            return new Bytes(layout, 1, groups, weights, one, steps);
        }

        void call(Call call, MemorySegment y, int tokens) {
            assertThat(tokens).isEqualTo(this.tokens);
            call.call(weights.address(), activations.address(), y.address(), steps, 4L * ROWS, ROWS, 1);
        }
    }

    private static float[] emulate(Isa isa, QuantFormat format, int tokens, Bytes bytes, Arena arena) {
        MemorySegment y = arena.allocate(4L * ROWS * tokens);
        byte[] code = QuantLinearKernel.generate(isa, SYSTEM, format, tokens);
        Emulator emulator = new Emulator(code, arena, bytes.weights(), bytes.activations(), y);
        bytes.call((a, b, c, d, e, f, g) -> emulator.call(a, b, c, d, e, f, g, 0), y, tokens);
        return y.toArray(JAVA_FLOAT_UNALIGNED);
    }

    // ---- bfloat16 --------------------------------------------------------------------------------------------------

    @Test
    void bf16TilesGiveNearlyFloatProductsAndTheSameBitsForAnyNumberOfTokens() {
        int columns = 64;
        SplittableRandom random = new SplittableRandom(5);
        int rows = 37;
        float[] weights = bf16(rows * columns, random);
        float[] x = new float[15 * columns];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextDouble(-2, 2);
        }
        float[] together = bf16Product(weights, rows, x, 15, columns);
        for (int token = 0; token < 15; token++) {
            float[] own = Arrays.copyOfRange(x, token * columns, (token + 1) * columns);
            float[] alone = bf16Product(weights, rows, own, 1, columns);
            assertThat(Arrays.copyOfRange(together, token * rows, (token + 1) * rows))
                    .isEqualTo(alone);
            for (int n = 0; n < rows; n++) {
                double sum = 0;
                double size = 0;
                for (int k = 0; k < columns; k++) {
                    double product = (double) weights[n * columns + k] * own[k];
                    sum += product;
                    size += Math.abs(product);
                }
                assertThat((double) alone[n]).isCloseTo(sum, within(1e-5 * size));
            }
        }
    }

    private static float[] bf16(int count, SplittableRandom random) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = rounded((float) random.nextDouble(-1, 1));
        }
        return numbers;
    }

    private static float rounded(float x) {
        int bits = Float.floatToRawIntBits(x);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF_0000);
    }

    private static short upper(float x) {
        return (short) (Float.floatToRawIntBits(x) >>> 16);
    }

    private static float[] bf16Product(float[] weights, int rows, float[] x, int tokens, int columns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packed = arena.allocate(2L * 64 * columns);
            for (int n = 0; n < rows; n++) {
                for (int k = 0; k < columns; k++) {
                    long at = n / 32 * 32L * columns + (k / 2 * 32 + n % 32) * 2 + k % 2;
                    packed.set(JAVA_SHORT_UNALIGNED, 2 * at, upper(weights[n * columns + k]));
                }
            }
            MemorySegment split = arena.allocate(4L * x.length);
            for (int i = 0; i < x.length; i++) {
                long at = i / 32 * 64L + i % 32;
                float high = rounded(x[i]);
                split.set(JAVA_SHORT_UNALIGNED, 2 * at, upper(high));
                split.set(JAVA_SHORT_UNALIGNED, 2 * at + 64, upper(rounded(x[i] - high)));
            }
            MemorySegment y = arena.allocate(4L * rows * tokens);
            Emulator emulator = new Emulator(Bf16TileKernel.generate(SYSTEM, tokens), arena, packed, split, y);
            emulator.call(packed.address(), split.address(), y.address(), columns / 32, 4L * rows, rows, 1, 0);
            return y.toArray(JAVA_FLOAT_UNALIGNED);
        }
    }

    @Test
    void highAndLowPartsOfActivationsAddUpToThem() {
        record Key() {}
        int columns = 45;
        float[] x = new float[columns];
        SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < columns; i++) {
            x[i] = (float) (random.nextDouble(-1, 1) * Math.pow(10, i % 20 - 10));
        }
        x[7] = Float.POSITIVE_INFINITY;
        try (Kernels kernels = Kernels.forIsa(Isa.AVX512_BF16);
                Arena arena = Arena.ofConfined()) {
            Routine routine =
                    kernels.routine(new Key(), _ -> Bf16Kernel.generate(SYSTEM, Bf16Kernel.Form.HIGH_AND_LOW));
            MemorySegment from = arena.allocateFrom(JAVA_FLOAT_UNALIGNED, x);
            MemorySegment target = arena.allocate(4L * 64).fill((byte) 1);
            Bf16Kernel.convert(routine, from.address(), columns, target.address(), 0);
            for (int i = 0; i < 64; i++) {
                long at = 2 * (i / 32 * 64L + i % 32);
                float high = Float.intBitsToFloat(target.get(JAVA_SHORT_UNALIGNED, at) << 16);
                float low = Float.intBitsToFloat(target.get(JAVA_SHORT_UNALIGNED, at + 64) << 16);
                if (i < columns && Float.isFinite(x[i])) {
                    assertThat((double) high + low).isCloseTo(x[i], within(Math.abs(x[i]) * 0x1p-17));
                } else {
                    assertThat(high).isEqualTo(i < columns ? x[i] : 0);
                    assertThat(low).isZero();
                }
            }
        } catch (IllegalArgumentException | ExecutableMemoryException e) {
            Assumptions.abort("no AVX512_BF16 here: " + e.getMessage());
        }
    }

    @Test
    void tilesThatDoNotExistAreRefused() {
        assertThatThrownBy(() -> new Tile(8)).hasMessageContaining("0..7");
        assertThatThrownBy(() -> new TileConfig().with(new Tile(0), 17, 64)).hasMessageContaining("17 rows");
        assertThatThrownBy(() -> new Assembler().tileloadd(new Tile(0), Mem.at(Gpr.RAX, 0)))
                .hasMessageContaining("index");
    }

    @Test
    void packedBf16PanelsAreWhatTilesRead() {
        Assumptions.assumeTrue(hasBf16(), "no AVX512_BF16 here");
        try (Kernels kernels = Kernels.forIsa(Isa.AVX512_BF16);
                Arena arena = Arena.ofConfined()) {
            Tensor tensor = RandomTensors.create(DType.BF16, 3, 33, new SplittableRandom(1), arena);
            Bf16LinearCode code = new Bf16LinearCode(kernels);
            MemorySegment panel = arena.allocate(code.panelBytes(33));
            code.packPanel(tensor.data(), 3, 33, 0, panel);
            assertThat(panel.byteSize()).isEqualTo(64 * 32 * 2);
            assertThat(panel.get(JAVA_SHORT_UNALIGNED, 2 * (16 * 32 * 2 + 2 * 2)))
                    .isEqualTo(tensor.data().get(JAVA_SHORT_UNALIGNED, 2 * (2 * 33 + 32)));
        }
    }

    private static boolean hasBf16() {
        try (Kernels kernels = Kernels.forThisMachine()) {
            return kernels.available().contains(Isa.AVX512_BF16);
        } catch (ExecutableMemoryException e) {
            return false;
        }
    }
}
