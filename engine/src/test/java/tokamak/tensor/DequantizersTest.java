package tokamak.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tokamak.Allocation;
import tokamak.TestData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class DequantizersTest {
    /** Checksums of what {@link #randomBlocks} becomes, taken when every format of ggml agreed with ggml's own values. */
    private static final String CHECKSUMS = """
            F64=B0A56053 F32=E56791C8 F16=93A7F41C BF16=509F8421 F8_E4M3=A8D6D900 F8_E5M2=CED4318E
            F8_E8M0=998C53BE I64=01D6334B I32=D999E213 I16=26FB13E7 I8=51A2D8C2 U8=5F4EDA8E
            BOOL=F700A42A Q4_0=6DE44E18 Q4_1=B9718E4F Q5_0=73424A6A Q5_1=F047BAE6 Q8_0=93B1EC23
            Q2_K=5C9B97FB Q3_K=158E2F6C Q4_K=27B3EBF9 Q5_K=4AB768C3 Q6_K=41AD50D7 Q8_K=9996C37A
            IQ1_S=6783CA4A IQ1_M=F54AF13D IQ2_XXS=F59FF83D IQ2_XS=75E48A61 IQ2_S=E8403F3E IQ3_XXS=FD038C33
            IQ3_S=5BCB4721 IQ4_NL=F0A08692 IQ4_XS=48D64987 TQ1_0=E342312F TQ2_0=77149F18 MXFP4=D3968D2F
            NVFP4=DA7C1BA2 Q1_0=D1031673 Q2_0=551CC3BB
            F8_G128=F7887A9E F8_G32=D8A16465 F8_G64=65BA8918 I4_G128=668D7D8D I4_G32=21C876F8 I4_G64=430DA003
            I8_G128=71003868 I8_G32=87FFFB9E I8_G64=7CD0604B U2_G128=B9E51984 U2_G32=944EAE01 U2_G64=B8B0FF22
            U3_G128=A4E88810 U3_G32=A5718C5F U3_G64=4428DCD2 U4_G128=3F7E5447 U4_G32=BB373465 U4_G64=0D8E5E3F
            U8_G128=B98A4C08 U8_G32=7E0C235D U8_G64=972CE38E
            NF4_G128=485FB3C9 NF4_G32=2EBE060E NF4_G64=330F23B1
            """;

    @Test
    void valuesAreThoseOfGgml() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(TestData.folder("quant"))) {
            files = all.filter(file -> !file.endsWith("source.json")).sorted().toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            JsonNode json = new ObjectMapper().readTree(file.toFile());
            DType dtype = DType.valueOf(json.get("type").asString());
            assertThat(dtype.blockSize())
                    .as(dtype + " block size")
                    .isEqualTo(json.get("block_size").asInt());
            assertThat(dtype.blockBytes())
                    .as(dtype + " block bytes")
                    .isEqualTo(json.get("block_bytes").asInt());
            assertValues(dtype, json, "blocks_b64", "values_b64");
            if (json.has("random_blocks_b64")) {
                assertValues(dtype, json, "random_blocks_b64", "random_values_b64");
            }
        }
    }

    private static void assertValues(DType dtype, JsonNode json, String blocksKey, String valuesKey) {
        byte[] blocks = Base64.getDecoder().decode(json.get(blocksKey).asString());
        float[] expected = plain(Base64.getDecoder().decode(json.get(valuesKey).asString()));
        float[] actual = dequantize(dtype, blocks, expected.length);
        assertThat(bits(actual)).as(dtype + " " + blocksKey).isEqualTo(bits(expected));
    }

    @ParameterizedTest
    @EnumSource
    void valuesStayWhatTheyAre(DType dtype) {
        CRC32 checksum = new CRC32();
        for (int bits : bits(dequantize(dtype, randomBlocks(dtype, 16), 16 * dtype.blockSize()))) {
            checksum.update(bits);
            checksum.update(bits >> 8);
            checksum.update(bits >> 16);
            checksum.update(bits >> 24);
        }
        assertThat(CHECKSUMS.split("\\s+")).contains(String.format("%s=%08X", dtype, checksum.getValue()));
    }

    @ParameterizedTest
    @EnumSource
    void readsAndWritesOnlyTheRangeItWasGiven(DType dtype) {
        int numBlocks = 5;
        byte[] blocks = randomBlocks(dtype, numBlocks);
        float[] whole = dequantize(dtype, blocks, numBlocks * dtype.blockSize());
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 50; round++) {
            int from = random.nextInt(numBlocks);
            int to = random.nextInt(from, numBlocks + 1);
            int shift = random.nextInt(7);
            int first = from * dtype.blockSize();
            int count = (to - from) * dtype.blockSize();
            float[] target = new float[shift + count + 3];
            Arrays.fill(target, 12345);
            // An odd base address: files align nothing inside a block.
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment source = arena.allocate(blocks.length + 1L).asSlice(1);
                source.copyFrom(MemorySegment.ofArray(blocks));
                Dequantizers.of(dtype).dequantize(source, (long) from * dtype.blockBytes(), target, shift, count);
            }
            float[] expected = new float[target.length];
            Arrays.fill(expected, 12345);
            System.arraycopy(whole, first, expected, shift, count);
            assertThat(bits(target)).isEqualTo(bits(expected));
        }
    }

    @ParameterizedTest
    @EnumSource
    void outOfBoundsIsAnError(DType dtype) {
        MemorySegment source = MemorySegment.ofArray(randomBlocks(dtype, 2));
        float[] target = new float[2 * dtype.blockSize()];
        Dequantizer dequantizer = Dequantizers.of(dtype);
        assertThatThrownBy(() -> dequantizer.dequantize(source, dtype.blockBytes(), target, 0, target.length))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> dequantizer.dequantize(source, 0, target, 1, target.length))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @EnumSource
    void allocatesNothing(DType dtype) {
        int count = dtype.blockSize();
        MemorySegment source = MemorySegment.ofArray(randomBlocks(dtype, 1));
        float[] target = new float[count];
        Dequantizer dequantizer = Dequantizers.of(dtype);
        // The compiler has to have seen the loop before it can keep address objects out of the heap.
        for (int i = 0; i < 20_000; i++) {
            dequantizer.dequantize(source, 0, target, 0, count);
        }
        long before = Allocation.bytes();
        for (int i = 0; i < 1000; i++) {
            dequantizer.dequantize(source, 0, target, 0, count);
        }
        assertThat(Allocation.bytes() - before).isLessThan(64 * 1024);
    }

    @Test
    void eightBitFloatsFollowTheirStandard() {
        assertThat(dequantize(
                        DType.F8_E4M3, new byte[] {0, 0x01, 0x07, 0x08, 0x38, 0x7E, 0x7F, (byte) 0xB8, (byte) 0x80}, 9))
                .containsExactly(0, 0x1p-9f, 0x1.cp-7f, 0x1p-6f, 1, 448, Float.NaN, -1, -0f);
        assertThat(dequantize(DType.F8_E5M2, new byte[] {0x01, 0x04, 0x3C, 0x7B, 0x7C, (byte) 0xFC, (byte) 0xBC}, 7))
                .containsExactly(0x1p-16f, 0x1p-14f, 1, 57344, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -1);
        assertThat(dequantize(DType.F8_E8M0, new byte[] {0, 1, 127, (byte) 254, (byte) 255}, 5))
                .containsExactly(0x1p-127f, 0x1p-126f, 1, 0x1p127f, Float.NaN);
    }

    @Test
    void integersAndDoublesAreRoundedToTheNearestFloat() {
        byte[] bytes = new byte[8];
        MemorySegment source = MemorySegment.ofArray(bytes);
        source.set(LittleEndian.LONG, 0, (1L << 24) + 3);
        assertThat(dequantize(DType.I64, bytes, 1)).containsExactly(0x1p24f + 4);
        source.set(LittleEndian.DOUBLE, 0, 0.1);
        assertThat(dequantize(DType.F64, bytes, 1)).containsExactly(0.1f);
        source.set(LittleEndian.INT, 0, -7);
        assertThat(dequantize(DType.I32, bytes, 1)).containsExactly(-7);
        source.set(LittleEndian.SHORT, 0, (short) -9);
        assertThat(dequantize(DType.I16, bytes, 1)).containsExactly(-9);
        assertThat(dequantize(DType.I8, new byte[] {-1}, 1)).containsExactly(-1);
        assertThat(dequantize(DType.U8, new byte[] {-1}, 1)).containsExactly(255);
        assertThat(dequantize(DType.BOOL, new byte[] {0, 1}, 2)).containsExactly(0, 1);
    }

    private static float[] dequantize(DType dtype, byte[] blocks, int count) {
        float[] values = new float[count];
        Dequantizers.of(dtype).dequantize(MemorySegment.ofArray(blocks), 0, values, 0, count);
        return values;
    }

    private static byte[] randomBlocks(DType dtype, int numBlocks) {
        byte[] blocks = new byte[numBlocks * dtype.blockBytes()];
        new SplittableRandom(dtype.name().hashCode()).nextBytes(blocks);
        return blocks;
    }

    private static float[] plain(byte[] bytes) {
        return MemorySegment.ofArray(bytes).toArray(LittleEndian.FLOAT);
    }

    /** So that zeros differ by sign and one not-a-number equals another. */
    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            bits[i] = Float.floatToIntBits(values[i]);
        }
        return bits;
    }
}
