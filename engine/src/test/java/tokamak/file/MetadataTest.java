package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetadataTest {
    private static Metadata json(String text) throws ModelFormatException {
        return new Metadata("config.json", Json.parse("config.json", text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void jsonValuesComeBackTyped() throws ModelFormatException {
        Metadata metadata = json("""
                {"s":"x","i":9007199254740993,"d":1e-5,"f":true,"whole":4096.0,"strings":["a","b"],
                 "ids":[1,2],"mixed":[1,2.5],"o":{"theta":10000.0},"os":[{"id":1},{"id":2}]}
                """);
        assertThat(metadata.string("s")).isEqualTo("x");
        assertThat(metadata.integer("i")).isEqualTo(9007199254740993L);
        assertThat(metadata.number("d")).isEqualTo(1e-5);
        assertThat(metadata.number("i")).isEqualTo(9007199254740992.0);
        assertThat(metadata.flag("f")).isTrue();
        assertThat(metadata.integer("whole")).isEqualTo(4096);
        assertThat(metadata.strings("strings")).containsExactly("a", "b");
        assertThat(metadata.integers("ids")).containsExactly(1, 2);
        assertThat(metadata.numbers("mixed")).containsExactly(1, 2.5);
        assertThat(metadata.object("o").orElseThrow().number("theta")).isEqualTo(10000);
        assertThat(metadata.objects("os")).hasSize(2);
        assertThat(metadata.objects("os").get(1).integer("id")).isEqualTo(2);
    }

    @Test
    void nullAndMissingGiveTheFallback() throws ModelFormatException {
        Metadata metadata = json("{\"n\":null}");
        for (String key : List.of("n", "missing")) {
            assertThat(metadata.has(key)).isFalse();
            assertThat(metadata.string(key, "x")).isEqualTo("x");
            assertThat(metadata.integer(key, 3)).isEqualTo(3);
            assertThat(metadata.number(key, 0.5)).isEqualTo(0.5);
            assertThat(metadata.flag(key, true)).isTrue();
            assertThat(metadata.strings(key, List.of("y"))).containsExactly("y");
            assertThat(metadata.integers(key, 1, 2)).containsExactly(1, 2);
            assertThat(metadata.numbers(key, 1.5)).containsExactly(1.5);
            assertThat(metadata.object(key)).isEmpty();
            assertThat(metadata.objects(key)).isEmpty();
        }
        assertThat(metadata.keys()).containsExactly("n");
    }

    @Test
    void oneValueStandsForAListOfOne() throws ModelFormatException {
        Metadata metadata = json("{\"i\":7,\"d\":0.5,\"s\":\"x\",\"f\":false}");
        assertThat(metadata.integers("i")).containsExactly(7);
        assertThat(metadata.numbers("d")).containsExactly(0.5);
        assertThat(metadata.strings("s")).containsExactly("x");
        assertThat(metadata.flags("f")).containsExactly(false);
    }

    @Test
    void aMissingKeyIsAnErrorThatNamesTheMostSimilarOne() throws ModelFormatException {
        Metadata metadata = json("{\"num_attention_heads\":4,\"hidden_size\":64}");
        assertThatThrownBy(() -> metadata.integer("num_attention_head"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessage("config.json: key 'num_attention_head' is missing, expected an integer;"
                        + " the most similar key there is 'num_attention_heads'");
    }

    @Test
    void aValueOfAnotherTypeIsAnErrorEvenWithAFallback() throws ModelFormatException {
        Metadata metadata = json("{\"o\":{\"size\":\"64\",\"list\":[1,\"x\"],\"half\":0.5,\"huge\":1e300}}")
                .object("o")
                .orElseThrow();
        assertThatThrownBy(() -> metadata.integer("size", 3))
                .isInstanceOf(ModelFormatException.class)
                .hasMessage("config.json, o: key 'size': expected an integer, found '64'");
        assertThatThrownBy(() -> metadata.integers("list"))
                .hasMessage("config.json, o: key 'list[1]': expected an integer, found 'x'");
        assertThatThrownBy(() -> metadata.integer("half")).hasMessageContaining("found 0.5");
        assertThatThrownBy(() -> metadata.integer("huge")).isInstanceOf(ModelFormatException.class);
        assertThatThrownBy(() -> metadata.string("list")).hasMessageContaining("found [1, 'x']");
        assertThatThrownBy(() -> metadata.flag("size")).hasMessageContaining("true or false");
        assertThatThrownBy(() -> metadata.object("size")).hasMessageContaining("an object");
        assertThatThrownBy(() -> metadata.objects("list")).hasMessageContaining("list[0]");
    }

    @Test
    void numbersPythonWritesAreRead() throws ModelFormatException {
        Metadata metadata =
                json("{\"inf\":Infinity,\"ninf\":-Infinity,\"nan\":NaN,\"big\":123456789012345678901234567890}");
        assertThat(metadata.number("inf")).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(metadata.number("ninf")).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(metadata.number("nan")).isNaN();
        assertThat(metadata.number("big")).isEqualTo(123456789012345678901234567890.0);
        assertThatThrownBy(() -> metadata.integer("big")).isInstanceOf(ModelFormatException.class);
    }

    @Test
    void descriptionsAreShort() throws ModelFormatException {
        Metadata metadata =
                json("{\"long\":\"" + "x".repeat(5000) + "\",\"list\":[" + "1,".repeat(999) + "1],\"o\":{}}");
        assertThat(metadata.describe("long")).hasSizeLessThan(120).contains("5000 characters");
        assertThat(metadata.describe("list")).hasSizeLessThan(60).contains("1000 values");
        assertThat(metadata.describe("o")).isEqualTo("an object of 0 keys");
        assertThat(metadata.describe("absent")).isEqualTo("-");
    }
}
