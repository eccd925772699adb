package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tokamak.file.Checkpoint;

/** The text of an answer is what its tokens add to the middle of a text. */
class ContinuationTest {
    @ParameterizedTest
    @ValueSource(strings = {"phi-3-mini", "mistral-v3", "bert-base-uncased", "phi-2"})
    void keepsTheSpaceAtItsBeginning(String name) throws Exception {
        try (Checkpoint checkpoint =
                Checkpoint.open(TestData.folder("tokenizers").resolve(name))) {
            Tokenizer tokenizer = Tokenizer.of(checkpoint);
            int[] ids = tokenizer.encode(" little girl");

            Detokenizer continuation = tokenizer.continuation();
            StringBuilder text = new StringBuilder();
            StringBuilder pieces = new StringBuilder();
            for (int id : ids) {
                text.append(continuation.push(id));
                pieces.append(new String(tokenizer.vocabulary().bytes(id), StandardCharsets.UTF_8));
            }
            text.append(continuation.flush());

            assertThat(text.toString()).isEqualTo(pieces.toString()).startsWith(" ");
        }
    }
}
