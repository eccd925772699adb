package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tokamak.TestData;
import tokamak.api.Message;
import tokamak.file.Checkpoint;

/** The templates that models bring, in both kinds of checkpoint. */
class ChatTemplateOfModelsTest {
    private static final ChatTemplate.Chat CHAT =
            ChatTemplate.Chat.of(List.of(Message.user("Once"), Message.assistant(" upon"), Message.user(" a")));

    @Test
    void aFolderAndAFileOfOneModelWriteTheSameChat() throws Exception {
        Path models = TestData.folder("models");
        String fromFolder = render(models.resolve("stories260K-hf"));
        assertThat(render(models.resolve("stories260K-f32.gguf"))).isEqualTo(fromFolder);
        assertThat(fromFolder).containsSubsequence("Once", " upon", " a");
    }

    private static String render(Path path) throws Exception {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            ChatTemplate template = ChatTemplate.of(checkpoint);
            assertThat(template.origin()).contains("chat_template");
            assertThat(template.specialTokens()).containsKeys("bos_token", "eos_token");
            return template.render(CHAT);
        }
    }
}
