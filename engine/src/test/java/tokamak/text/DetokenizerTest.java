package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;

/** What a detokenizer emits token by token is the text of the whole, and no character is ever cut. */
class DetokenizerTest {
    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "mistral-v3", "bert-base-uncased", "gpt-oss"})
    void pushesMakeTheWholeText(String name) throws IOException {
        Tokenizer tokenizer = TokenizerFolders.open(TestData.folder("tokenizers/" + name));
        int size = tokenizer.vocabulary().size();
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 2_000; round++) {
            int[] ids = new int[random.nextInt(1, 12)];
            int bound = round % 2 == 0 ? Math.min(size, 1000) : size;
            for (int i = 0; i < ids.length; i++) {
                ids[i] = random.nextInt(bound);
            }
            Detokenizer detokenizer = tokenizer.detokenizer();
            StringBuilder text = new StringBuilder();
            for (int id : ids) {
                String pushed = detokenizer.push(id);
                assertThat(PipelineTokenizer.withoutLoneSurrogates(pushed)).isEqualTo(pushed);
                text.append(pushed);
            }
            text.append(detokenizer.flush());
            assertThat(text).hasToString(tokenizer.decodeSkippingSpecial(ids));
        }
    }

    @Test
    void byteLevelCharactersWaitUntilTheyAreWhole() throws IOException {
        Tokenizer tokenizer = TokenizerFolders.open(TestData.folder("tokenizers/gpt2"));
        Detokenizer detokenizer = tokenizer.detokenizer();
        Vocabulary vocabulary = tokenizer.vocabulary();
        // U+1F600 is F0 9F 98 80.
        assertThat(detokenizer.push(idOfByte(vocabulary, 0xF0))).isEmpty();
        assertThat(detokenizer.push(idOfByte(vocabulary, 0x9F))).isEmpty();
        assertThat(detokenizer.push(idOfByte(vocabulary, 0x98))).isEmpty();
        assertThat(detokenizer.push(idOfByte(vocabulary, 0x80))).isEqualTo("😀");
        assertThat(detokenizer.push(idOfByte(vocabulary, 0xF0))).isEmpty();
        assertThat(detokenizer.push(idOfByte(vocabulary, 'a'))).isEqualTo("\uFFFDa");
        assertThat(detokenizer.push(idOfByte(vocabulary, 0xE4))).isEmpty();
        assertThat(detokenizer.flush()).isEqualTo("\uFFFD");
    }

    private static int idOfByte(Vocabulary vocabulary, int b) {
        return vocabulary.idOf(String.valueOf(ByteAlphabet.charOf(b))).orElseThrow();
    }

    @Test
    void bytesOfTokensMakeTheTextInTheMiddle() throws IOException {
        for (String name : new String[] {"qwen3", "mistral-v3"}) {
            Tokenizer tokenizer = TokenizerFolders.open(TestData.folder("tokenizers/" + name));
            String text = "Hello world, naïve 😀 ünïcode\n\n  x = 中文;";
            java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
            for (int id : tokenizer.encode(text)) {
                bytes.writeBytes(tokenizer.vocabulary().bytes(id));
            }
            assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8).stripLeading())
                    .isEqualTo(text);
        }
    }
}
