package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

class GgufCheckpointTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void everyValueTypeComesBack(int version) throws IOException {
        GgufWriter writer = new GgufWriter()
                .version(version)
                .pair("u8", GgufWriter.U8, sink -> sink.u8(200))
                .pair("i8", GgufWriter.I8, sink -> sink.u8(-3))
                .u16("u16", 50_000)
                .pair("i16", GgufWriter.I16, sink -> sink.u16(-300))
                .u32("u32", 4_000_000_000L)
                .i32("i32", -5)
                .f32("f32", 1.5)
                .bool("yes", true)
                .bool("no", false)
                .string("text", "Grüße, 世界")
                .pair("u64", GgufWriter.U64, sink -> sink.u64(1L << 62))
                .pair("i64", GgufWriter.I64, sink -> sink.u64(-(1L << 62)))
                .pair("f64", GgufWriter.F64, sink -> sink.f64(Math.PI));
        try (Checkpoint checkpoint = Checkpoint.open(writer.write(folder.resolve("a.gguf")))) {
            Metadata metadata = checkpoint.metadata();
            assertThat(metadata.integer("u8")).isEqualTo(200);
            assertThat(metadata.integer("i8")).isEqualTo(-3);
            assertThat(metadata.integer("u16")).isEqualTo(50_000);
            assertThat(metadata.integer("i16")).isEqualTo(-300);
            assertThat(metadata.integer("u32")).isEqualTo(4_000_000_000L);
            assertThat(metadata.integer("i32")).isEqualTo(-5);
            assertThat(metadata.number("f32")).isEqualTo(1.5);
            assertThat(metadata.flag("yes")).isTrue();
            assertThat(metadata.flag("no")).isFalse();
            assertThat(metadata.string("text")).isEqualTo("Grüße, 世界");
            assertThat(metadata.integer("u64")).isEqualTo(1L << 62);
            assertThat(metadata.integer("i64")).isEqualTo(-(1L << 62));
            assertThat(metadata.number("f64")).isEqualTo(Math.PI);
            assertThat(checkpoint.tensorNames()).isEmpty();
        }
    }

    @Test
    void everyArrayTypeComesBack() throws IOException {
        GgufWriter writer = new GgufWriter()
                .array("u8", GgufWriter.U8, 2, sink -> sink.u8(0).u8(255))
                .array("i8", GgufWriter.I8, 2, sink -> sink.u8(0).u8(255))
                .array("u16", GgufWriter.U16, 2, sink -> sink.u16(1).u16(65_535))
                .array("i16", GgufWriter.I16, 2, sink -> sink.u16(1).u16(65_535))
                .array("u32", GgufWriter.U32, 2, sink -> sink.u32(1).u32(-1))
                .i32s("i32", 1, -1)
                .f32s("f32", 0.5f, -2)
                .array("bool", GgufWriter.BOOL, 2, sink -> sink.u8(1).u8(0))
                .strings("string", "a", "", "bc")
                .array("u64", GgufWriter.U64, 1, sink -> sink.u64(7))
                .array("i64", GgufWriter.I64, 1, sink -> sink.u64(-7))
                .array("f64", GgufWriter.F64, 1, sink -> sink.f64(0.1))
                .array(
                        "nested",
                        GgufWriter.ARRAY,
                        2,
                        sink -> sink.u32(GgufWriter.I32)
                                .u64(1)
                                .u32(4)
                                .u32(GgufWriter.STRING)
                                .u64(1)
                                .string("x"))
                .strings("empty");
        try (Checkpoint checkpoint = Checkpoint.open(writer.write(folder.resolve("a.gguf")))) {
            Metadata metadata = checkpoint.metadata();
            assertThat(metadata.integers("u8")).containsExactly(0, 255);
            assertThat(metadata.integers("i8")).containsExactly(0, -1);
            assertThat(metadata.integers("u16")).containsExactly(1, 65_535);
            assertThat(metadata.integers("i16")).containsExactly(1, -1);
            assertThat(metadata.integers("u32")).containsExactly(1, 0xFFFFFFFFL);
            assertThat(metadata.integers("i32")).containsExactly(1, -1);
            assertThat(metadata.numbers("f32")).containsExactly(0.5, -2);
            assertThat(metadata.flags("bool")).containsExactly(true, false);
            assertThat(metadata.strings("string")).containsExactly("a", "", "bc");
            assertThat(metadata.integers("u64")).containsExactly(7);
            assertThat(metadata.integers("i64")).containsExactly(-7);
            assertThat(metadata.numbers("f64")).containsExactly(0.1);
            assertThat(metadata.strings("empty")).isEmpty();
            assertThat(metadata.value("nested").orElseThrow())
                    .usingRecursiveComparison()
                    .isEqualTo(List.of(new int[] {4}, new String[] {"x"}));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32, 64, 4096})
    void tensorsComeBackOutermostDimensionFirst(int alignment) throws IOException {
        GgufWriter writer = new GgufWriter()
                .alignment(alignment)
                .tensor("a", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("scalar", new float[] {7})
                .tensor("q", DType.Q8_0, new long[] {2, 32}, new byte[68]);
        try (Checkpoint checkpoint = Checkpoint.open(writer.write(folder.resolve("a.gguf")))) {
            assertThat(checkpoint.tensorNames()).containsExactly("a", "scalar", "q");
            Tensor a = checkpoint.tensor("a");
            assertThat(a.shape()).containsExactly(2, 3);
            assertThat(a.data().toArray(LittleEndian.FLOAT)).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(checkpoint.tensor("scalar").rank()).isZero();
            assertThat(checkpoint.tensor("q").dtype()).isEqualTo(DType.Q8_0);
            assertThat(checkpoint.tensorBytes()).isEqualTo(24 + 4 + 68);
            assertThat(a.data().isReadOnly()).isTrue();
        }
    }

    @Test
    void anUnknownTensorIsAnErrorThatNamesTheMostSimilarOne() throws IOException {
        GgufWriter writer = new GgufWriter()
                .tensor("blk.0.attn_q.weight", new float[1], 1)
                .tensor("output.weight", new float[1], 1);
        try (Checkpoint checkpoint = Checkpoint.open(writer.write(folder.resolve("a.gguf")))) {
            assertThat(checkpoint.find("blk.0.attn_k.weight")).isEmpty();
            assertThatThrownBy(() -> checkpoint.tensor("blk.0.attn_k.weight"))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("a.gguf")
                    .hasMessageContaining("'blk.0.attn_k.weight'")
                    .hasMessageContaining("'blk.0.attn_q.weight'");
        }
    }

    @Test
    void closingUnmapsItsTensors() throws IOException {
        GgufWriter writer = new GgufWriter().tensor("a", new float[] {1}, 1);
        Checkpoint checkpoint = Checkpoint.open(writer.write(folder.resolve("a.gguf")));
        Tensor tensor = checkpoint.tensor("a");
        checkpoint.close();
        checkpoint.close();
        assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    private static GgufWriter part(int no, int count) {
        return new GgufWriter().u16("split.no", no).u16("split.count", count);
    }

    private Path writeParts(String prefix) throws IOException {
        part(0, 3)
                .string("general.name", "whole")
                .i32("split.tensors.count", 2)
                .write(folder.resolve(prefix + "-00001-of-00003.gguf"));
        part(1, 3).tensor("a", new float[] {1}, 1).write(folder.resolve(prefix + "-00002-of-00003.gguf"));
        return part(2, 3).tensor("b", new float[] {2}, 1).write(folder.resolve(prefix + "-00003-of-00003.gguf"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"})
    void aSplitModelOpensFromAnyPart(String part) throws IOException {
        writeParts("m");
        try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(part))) {
            assertThat(checkpoint.tensorNames()).containsExactly("a", "b");
            assertThat(checkpoint.metadata().string("general.name")).isEqualTo("whole");
            assertThat(checkpoint.tensor("b").data().toArray(LittleEndian.FLOAT))
                    .containsExactly(2);
        }
    }

    @Test
    void aSplitModelWithAMissingOrWrongPartIsRefused() throws IOException {
        Path last = writeParts("m");
        Path second = folder.resolve("m-00002-of-00003.gguf");
        Files.delete(second);
        refused(last).hasMessageContaining("part 2 is missing").hasMessageContaining(second.toString());
        part(2, 3).write(second);
        refused(last).hasMessageContaining("split.no 1").hasMessageContaining("found 2 of 3");
        part(1, 3).tensor("b", new float[] {1}, 1).write(second);
        refused(last).hasMessageContaining("'b'").hasMessageContaining("second time");
        part(1, 3).write(second);
        refused(last).hasMessageContaining("promises 2").hasMessageContaining("found 1");
        Path renamed = Files.move(second, folder.resolve("other.gguf"));
        refused(renamed).hasMessageContaining("one of 3 parts").hasMessageContaining("'other.gguf'");
    }

    @Test
    void whatIsNotAGgufFileIsRefused() throws IOException {
        refusedBytes(new byte[0]).hasMessageContaining("an empty file");
        refusedBytes(new byte[] {'G', 'G'}).hasMessageContaining("GGUF");
        refusedBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n".getBytes())
                .hasMessageContaining("Git LFS pointer");
        refusedBytes("<html>not found</html>".getBytes()).hasMessageContaining("GGUF");
        assertThatThrownBy(() -> Checkpoint.open(folder.resolve("absent.gguf")))
                .isInstanceOf(NoSuchFileException.class);
        Path shard = Files.createFile(folder.resolve("model.safetensors"));
        refused(shard).hasMessageContaining("give the folder");
    }

    @Test
    void versionsWeDoNotReadAreRefused() throws IOException {
        refused(new GgufWriter().version(1))
                .hasMessageContaining("version 2 or 3")
                .hasMessageContaining("found 1");
        refused(new GgufWriter().version(4)).hasMessageContaining("found 4");
        refused(new GgufWriter().version(3 << 24)).hasMessageContaining("big-endian");
    }

    @Test
    void countsBeyondTheFileAreRefused() throws IOException {
        refusedBytes(header(1L << 40, 0)).hasMessageContaining("tensors").hasMessageContaining("1099511627776");
        refusedBytes(header(0, 1L << 40))
                .hasMessageContaining("key-value pairs")
                .hasMessageContaining("1099511627776");
        refusedBytes(header(-1, 0)).hasMessageContaining("18446744073709551615");
        refused(new GgufWriter().pair("k", GgufWriter.STRING, sink -> sink.u64(1L << 62)))
                .hasMessageContaining("key 'k'")
                .hasMessageContaining("4611686018427387904");
        for (int type : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
            refused(new GgufWriter().array("k", type, Long.MAX_VALUE, sink -> {}))
                    .hasMessageContaining("key 'k'")
                    .hasMessageContaining("9223372036854775807");
        }
    }

    private static byte[] header(long numTensors, long numPairs) {
        return new ByteSink()
                .raw((byte) 'G', (byte) 'G', (byte) 'U', (byte) 'F')
                .u32(3)
                .u64(numTensors)
                .u64(numPairs)
                .raw(new byte[100])
                .toBytes();
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() throws IOException {
        refused(new GgufWriter().pair("k", 13, sink -> sink.u64(0))).hasMessageContaining("type 13");
        refused(new GgufWriter().array("k", 77, 1, sink -> sink.u64(0))).hasMessageContaining("type 77");
        refused(new GgufWriter().pair("k", GgufWriter.BOOL, sink -> sink.u8(2))).hasMessageContaining("flag");
        refused(new GgufWriter().pair("k", GgufWriter.U64, sink -> sink.u64(-1)))
                .hasMessageContaining("key 'k'");
        refused(new GgufWriter().u32("k", 1).u32("k", 1)).hasMessageContaining("second time");
        for (int alignment : new int[] {0, 3, 1 << 30}) {
            refused(new GgufWriter().u32("general.alignment", alignment)).hasMessageContaining("power of two");
        }
        refused(new GgufWriter().string("general.alignment", "32")).hasMessageContaining("expected an integer");
    }

    @Test
    void deeplyNestedArraysAreRefused() throws IOException {
        refused(new GgufWriter().array("k", GgufWriter.ARRAY, 1, sink -> {
                    for (int i = 0; i < 100_000; i++) {
                        sink.u32(GgufWriter.ARRAY).u64(1);
                    }
                }))
                .hasMessageContaining("nested");
    }

    @Test
    void tensorEntriesThatMakeNoSenseAreRefused() throws IOException {
        byte[] none = {};
        refused(new GgufWriter().tensor("t", 4, new long[] {32}, none)).hasMessageContaining("number 4");
        refused(new GgufWriter().tensor("t", 0, new long[] {1, 1, 1, 1, 1}, none))
                .hasMessageContaining("dimensions");
        refused(new GgufWriter().tensor("t", 0, new long[] {-1}, none)).hasMessageContaining("shape");
        refused(new GgufWriter().tensor("t", 0, new long[] {1L << 40, 1L << 40}, none))
                .hasMessageContaining("shape");
        refused(new GgufWriter().tensor("t", DType.Q4_K, new long[] {2, 128}, none))
                .hasMessageContaining("256");
        refused(new GgufWriter().tensor("t", 0, new long[] {1L << 30}, none))
                .hasMessageContaining("tensor 't' F32[1073741824]")
                .hasMessageContaining("inside the file");
        refused(new GgufWriter().tensor("t", new float[1], 1).tensor("t", new float[1], 1))
                .hasMessageContaining("second time");
        refused(new GgufWriter().tensor("x".repeat(2000), new float[1], 1)).hasMessageContaining("1024");
    }

    @Test
    void overlappingAndMisalignedTensorsAreRefused() throws IOException {
        byte[] good = new GgufWriter()
                .tensor("a", new float[16], 16)
                .tensor("b", new float[16], 16)
                .toBytes();
        int offsetOfB = indexOf(good, (byte) 64, 24 + 4 * 8);
        byte[] overlapping = good.clone();
        overlapping[offsetOfB] = 32;
        refusedBytes(overlapping).hasMessageContaining("tensor 'b'").hasMessageContaining("tensor 'a' ends");
        byte[] misaligned = good.clone();
        misaligned[offsetOfB] = 65;
        refusedBytes(misaligned).hasMessageContaining("multiple of 32").hasMessageContaining("65");
        byte[] outside = good.clone();
        outside[offsetOfB + 6] = 1;
        refusedBytes(outside).hasMessageContaining("inside the file");
        byte[] negative = good.clone();
        negative[offsetOfB + 7] = -1;
        refusedBytes(negative).hasMessageContaining("multiple of 32");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = new GgufWriter()
                .string("general.architecture", "llama")
                .strings("tokens", "a", "b")
                .tensor("a", new float[8], 2, 4)
                .toBytes();
        for (int length = 0; length < whole.length; length++) {
            refusedBytes(Arrays.copyOf(whole, length));
        }
    }

    private static int indexOf(byte[] bytes, byte value, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == value) {
                return i;
            }
        }
        throw new AssertionError("no byte " + value);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(GgufWriter writer) throws IOException {
        return refusedBytes(writer.toBytes());
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refusedBytes(byte[] bytes) throws IOException {
        return refused(Files.write(folder.resolve("refused.gguf"), bytes));
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refused(Path file) {
        return assertThatThrownBy(() -> Checkpoint.open(file).close())
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(file.getParent().toString());
    }
}
