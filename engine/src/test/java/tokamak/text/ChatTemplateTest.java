package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tokamak.api.InvalidRequestException;
import tokamak.api.Message;
import tokamak.text.jinja.JinjaException;

class ChatTemplateTest {
    private static final List<Message> TALK =
            List.of(Message.system("Be brief."), Message.user("Hi"), Message.assistant("Hello!"), Message.user("Bye"));

    @Test
    void everyBuiltInTemplateWritesEveryMessageInOrder() {
        for (String name : ChatTemplate.builtInNames()) {
            ChatTemplate template = ChatTemplate.builtIn(name, Map.of()).orElseThrow();
            assertThat(template.render(ChatTemplate.Chat.of(TALK)))
                    .as(name)
                    .containsSubsequence("Be brief.", "Hi", "Hello!", "Bye")
                    .doesNotContain("None");
        }
        assertThat(ChatTemplate.builtIn("nobody's", Map.of())).isEmpty();
    }

    @Test
    void chatmlIsWrittenAsItsModelsExpect() {
        ChatTemplate template = ChatTemplate.builtIn("chatml", Map.of()).orElseThrow();
        assertThat(template.render(ChatTemplate.Chat.of(TALK.subList(0, 2))))
                .isEqualTo("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                        + "<|im_start|>assistant\n");
    }

    @Test
    void llama3IsWrittenAsItsModelsExpect() {
        ChatTemplate template = ChatTemplate.builtIn("llama3", Map.of("bos_token", "<|begin_of_text|>"))
                .orElseThrow();
        assertThat(template.render(ChatTemplate.Chat.of(TALK.subList(1, 2))))
                .isEqualTo("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n");
    }

    @Test
    void gemmaAndMistralPutTheSystemTextIntoTheFirstUserMessage() {
        assertThat(ChatTemplate.builtIn("gemma", Map.of())
                        .orElseThrow()
                        .render(ChatTemplate.Chat.of(TALK.subList(0, 2))))
                .isEqualTo("<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n");
        assertThat(ChatTemplate.builtIn("mistral", Map.of()).orElseThrow().render(ChatTemplate.Chat.of(TALK)))
                .isEqualTo("<s>[INST] Be brief.\n\nHi [/INST] Hello!</s>[INST] Bye [/INST]");
    }

    @Test
    void theVocabularyDecidesWhichTemplateStandsIn() {
        assertThat(BuiltInTemplates.forTokens(Set.of("<|im_start|>"))).isEqualTo("chatml");
        assertThat(BuiltInTemplates.forTokens(Set.of("<start_of_turn>"))).isEqualTo("gemma");
        assertThat(BuiltInTemplates.forTokens(Set.of())).isEqualTo("plain");
    }

    @Test
    void toolsChooseTheTemplateForTools() {
        ChatTemplate template =
                new ChatTemplate("test", Map.of("default", "plain", "tool_use", "{{ tools[0].name }}"), Map.of());
        ChatTemplate.Chat chat = ChatTemplate.Chat.of(TALK);
        assertThat(template.render(chat)).isEqualTo("plain");
        assertThat(template.render(
                        new ChatTemplate.Chat(TALK, List.of(Map.of("name", "clock")), List.of(), true, Map.of())))
                .isEqualTo("clock");
    }

    @Test
    void specialTokensAndVariablesReachTheTemplate() {
        ChatTemplate template = ChatTemplate.parse(
                "{{ bos_token }}{{ eos_token is defined }}{{ mood }}{{ tools is none }}", Map.of("bos_token", "<s>"));
        assertThat(template.render(new ChatTemplate.Chat(TALK, List.of(), List.of(), false, Map.of("mood", "!"))))
                .isEqualTo("<s>False!True");
    }

    @Test
    void theTemplatesOwnRefusalReachesTheCallerUnchanged() {
        ChatTemplate template = ChatTemplate.parse("\n{{ raise_exception('No system role.') }}", Map.of());
        assertThatThrownBy(() -> template.render(ChatTemplate.Chat.of(TALK)))
                .isInstanceOfSatisfying(JinjaException.class, e -> {
                    assertThat(e.kind()).isEqualTo(JinjaException.Kind.RAISED);
                    assertThat(e.line()).isEqualTo(2);
                })
                .hasMessage("No system role.");
    }

    @Test
    void aMessageNeedsARoleAndKeepsItsFields() {
        assertThatThrownBy(() -> new Message(Map.of("content", "x"))).isInstanceOf(InvalidRequestException.class);
        Message parts = Message.user("")
                .with("content", List.of(Map.of("type", "text", "text", "a"), Map.of("type", "text", "text", "b")));
        assertThat(parts.text()).isEqualTo("ab");
        assertThat(Message.tool("id1", "42").fields().keySet().stream().map(String::valueOf))
                .containsExactly("role", "content", "tool_call_id");
    }
}
