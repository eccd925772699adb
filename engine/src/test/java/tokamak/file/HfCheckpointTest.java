package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.tensor.DType;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

class HfCheckpointTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void config() throws IOException {
        text("config.json", "{\"model_type\":\"llama\",\"hidden_size\":64}");
    }

    private Path text(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    @Test
    void aSingleFileOpens() throws IOException {
        new SafetensorsWriter()
                .json("\"__metadata__\":{\"format\":\"pt\"}")
                .tensor("w", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("byte", DType.U8, new long[] {1}, new byte[] {9})
                .tensor("unaligned", DType.BF16, new long[] {2}, new byte[] {0, 0, (byte) 0x80, 0x3F})
                .write(folder.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.metadata().integer("hidden_size")).isEqualTo(64);
            assertThat(checkpoint.tensorNames()).containsExactly("w", "byte", "unaligned");
            Tensor w = checkpoint.tensor("w");
            assertThat(w.shape()).containsExactly(2, 3);
            assertThat(w.data().toArray(LittleEndian.FLOAT)).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(checkpoint.tensorBytes()).isEqualTo(24 + 1 + 4);
        }
    }

    @Test
    void aSingleFileOfAnotherNameOpens() throws IOException {
        new SafetensorsWriter().tensor("w", new float[1], 1).write(folder.resolve("weights.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactly("w");
        }
        new SafetensorsWriter().tensor("v", new float[1], 1).write(folder.resolve("more.safetensors"));
        refused().hasMessageContaining("model.safetensors.index.json");
    }

    @Test
    void shardsOpenByTheirIndex() throws IOException {
        shards("{\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactly("a", "b");
            assertThat(checkpoint.tensor("b").data().toArray(LittleEndian.FLOAT))
                    .containsExactly(2);
        }
    }

    /** s1 holds a; s2 holds b and something the index need not name. */
    private void shards(String index) throws IOException {
        new SafetensorsWriter().tensor("a", new float[] {1}, 1).write(folder.resolve("s1.safetensors"));
        new SafetensorsWriter()
                .tensor("b", new float[] {2}, 1)
                .tensor("extra", new float[] {3}, 1)
                .write(folder.resolve("s2.safetensors"));
        text("model.safetensors.index.json", index);
    }

    @Test
    void anIndexThatDoesNotFitItsShardsIsRefused() throws IOException {
        shards("{\"weight_map\":{\"a\":\"s2.safetensors\"}}");
        refused().hasMessageContaining("s2.safetensors").hasMessageContaining("'a'");
        shards("{\"weight_map\":{\"a\":\"s3.safetensors\"}}");
        refused().hasMessageContaining("'s3.safetensors'").hasMessageContaining("missing");
        shards("{}");
        refused().hasMessageContaining("weight_map");
        shards("{\"weight_map\":{\"a\":7}}");
        refused().hasMessageContaining("expected a string").hasMessageContaining("7");
        shards("{\"weight_map\":{\"a\":\"s1.safetensors\",\"a\":\"s2.safetensors\"}}");
        refused().hasMessageContaining("Duplicate");
    }

    @Test
    void anIndexNeverLeadsOutOfTheFolder() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Files.copy(folder.resolve("config.json"), inner.resolve("config.json"));
        new SafetensorsWriter().tensor("a", new float[1], 1).write(folder.resolve("outside.safetensors"));
        String absolute = folder.resolve("outside.safetensors").toAbsolutePath().toString();
        for (String name :
                new String[] {"../outside.safetensors", absolute, ".", "..", "", "x/../../outside.safetensors"}) {
            Files.writeString(
                    inner.resolve("model.safetensors.index.json"), "{\"weight_map\":{\"a\":\"" + name + "\"}}");
            assertThatThrownBy(() -> Checkpoint.open(inner).close())
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("'" + name + "'");
        }
    }

    @Test
    void companionFilesAreFoundInsideTheFolderOnly() throws IOException {
        new SafetensorsWriter().tensor("w", new float[1], 1).write(folder.resolve("model.safetensors"));
        text("generation_config.json", "{\"eos_token_id\":[1,2]}");
        Files.createDirectory(folder.resolve("1_Pooling"));
        text("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\":true}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.json("generation_config.json").orElseThrow().integers("eos_token_id"))
                    .containsExactly(1, 2);
            assertThat(checkpoint.json("1_Pooling/config.json").orElseThrow().flag("pooling_mode_mean_tokens"))
                    .isTrue();
            assertThat(checkpoint.file("config.json")).contains(folder.resolve("config.json"));
            assertThat(checkpoint.file("chat_template.jinja")).isEmpty();
            assertThat(checkpoint.json("tokenizer.json")).isEmpty();
            assertThat(checkpoint.file("1_Pooling")).isEmpty();
            assertThat(checkpoint.file("../" + folder.getFileName() + "/config.json"))
                    .isEmpty();
            assertThat(checkpoint.file(
                            folder.resolve("config.json").toAbsolutePath().toString()))
                    .isEmpty();
        }
    }

    @Test
    void aTokenizerAloneOpensWithoutTensors() throws IOException {
        Files.delete(folder.resolve("config.json"));
        text("tokenizer.json", "{}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).isEmpty();
            assertThat(checkpoint.metadata().keys()).isEmpty();
            assertThat(checkpoint.file("tokenizer.json")).isPresent();
            assertThatThrownBy(() -> checkpoint.tensor("w"))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("no tensors at all");
        }
    }

    @Test
    void foldersThatCannotBeAModelSayWhatToDo() throws IOException {
        refused().hasMessageContaining("found neither");
        text("model.gguf", "");
        refused().hasMessageContaining("give the path of one of them");
        new SafetensorsWriter().tensor("w", new float[1], 1).write(folder.resolve("model.safetensors"));
        Files.delete(folder.resolve("config.json"));
        refused().hasMessageContaining("config.json");
    }

    @Test
    void hostileHeaderLengthsAreRefused() throws IOException {
        for (long length : new long[] {0, 1, 11, 1L << 20, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            refused(new ByteSink()
                            .u64(length)
                            .raw("{}        ".getBytes(StandardCharsets.UTF_8))
                            .toBytes())
                    .hasMessageContaining("length of the header")
                    .hasMessageContaining("found " + Long.toUnsignedString(length));
        }
        refused(new byte[0]).hasMessageContaining("cut short");
        refused(new byte[7]).hasMessageContaining("cut short");
    }

    @Test
    void headersThatMakeNoSenseAreRefused() throws IOException {
        refusedEntry(w -> w.entry("t", "F32", "[1]", 0, 8))
                .hasMessageContaining("'t'")
                .hasMessageContaining("4 bytes");
        refusedEntry(w -> w.entry("t", "F32", "[2]", 4, 0)).hasMessageContaining("later end");
        refusedEntry(w -> w.entry("t", "F32", "[1]", -4, 0)).hasMessageContaining("[-4, 0]");
        refusedEntry(w -> w.entry("t", "F32", "[1000]", 0, 4000)).hasMessageContaining("inside the file");
        refusedEntry(w -> w.entry("t", "I8", "[" + Long.MAX_VALUE + "]", 0, Long.MAX_VALUE))
                .hasMessageContaining("inside the file");
        refusedEntry(w -> w.entry("t", "F32", "[-1]", 0, 4)).hasMessageContaining("shape");
        refusedEntry(w -> w.entry("t", "F32", "[1.5]", 0, 4)).hasMessageContaining("1.5");
        refusedEntry(w -> w.entry("t", "F32", "[" + (1L << 33) + "," + (1L << 33) + "]", 0, 4))
                .hasMessageContaining("shape");
        refusedEntry(w -> w.entry("t", "F32", "\"1\"", 0, 4)).hasMessageContaining("list of integers");
        refusedEntry(w -> w.entry("t", "F4", "[1]", 0, 4))
                .hasMessageContaining("dtype")
                .hasMessageContaining("F4");
        refusedEntry(w -> w.entry("t", "Q4_0", "[32]", 0, 18)).hasMessageContaining("Q4_0");
        refusedEntry(w -> w.entry("t", "F32", "[1]", 0, 4).entry("t", "F32", "[1]", 4, 8))
                .hasMessageContaining("Duplicate");
        refusedEntry(w -> w.entry("t", "F32", "[2]", 0, 8).entry("u", "F32", "[1]", 4, 8))
                .hasMessageContaining("'u'")
                .hasMessageContaining("'t' ends");
        refusedEntry(w -> w.json("\"t\":null")).hasMessageContaining("'t'");
        refusedEntry(w -> w.json("\"t\":[]")).hasMessageContaining("object");
        refusedEntry(w -> w.json("\"t\":{\"dtype\":\"F32\"}")).hasMessageContaining("'shape' is missing");
        refusedEntry(w -> w.json("\"__metadata__\":3")).hasMessageContaining("object");
        refusedEntry(w -> w.json("\"t\":{\"dtype\":")).hasMessageContaining("JSON");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = new SafetensorsWriter().tensor("a", new float[8], 2, 4).toBytes();
        for (int length = 0; length < whole.length; length++) {
            refused(Arrays.copyOf(whole, length));
        }
    }

    @Test
    void configsThatAreNotOneObjectAreRefused() throws IOException {
        text("tokenizer.json", "");
        for (String bad : new String[] {
            "", "[]", "3", "{", "{}{}", "{\"a\":1,\"a\":2}", "nonsense", "{\"a\":" + "[".repeat(100_000)
        }) {
            text("config.json", bad);
            refused().hasMessageContaining("config.json");
        }
        Files.write(folder.resolve("config.json"), new byte[] {'{', '"', (byte) 0xFF, (byte) 0xFE, '"', ':', '1', '}'});
        refused().hasMessageContaining("config.json");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refusedEntry(Consumer<SafetensorsWriter> entries)
            throws IOException {
        SafetensorsWriter header = new SafetensorsWriter();
        entries.accept(header);
        byte[] bytes = header.toBytes();
        return refused(Arrays.copyOf(bytes, bytes.length + 8)); // eight bytes of data
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(byte[] safetensors) throws IOException {
        Files.write(folder.resolve("model.safetensors"), safetensors);
        return refused();
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused() {
        return assertThatThrownBy(() -> Checkpoint.open(folder).close())
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(folder.toString());
    }
}
