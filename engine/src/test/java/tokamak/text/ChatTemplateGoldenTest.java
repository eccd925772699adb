package tokamak.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tokamak.TestData;
import tokamak.api.Message;
import tokamak.text.jinja.JinjaException;
import tools.jackson.databind.json.JsonMapper;

/** Every public template with every conversation, byte for byte as Python renders it, or refused where Python refuses. */
class ChatTemplateGoldenTest {
    @TestFactory
    List<DynamicTest> rendersAsPythonDoes() throws IOException {
        Path folder = TestData.folder("templates");
        Map<String, Object> conversations = json(folder.resolve("conversations.json"));
        List<DynamicTest> tests = new ArrayList<>();
        try (DirectoryStream<Path> goldens = Files.newDirectoryStream(folder.resolve("golden"), "*.json")) {
            for (Path golden : goldens) {
                tests.add(DynamicTest.dynamicTest(
                        golden.getFileName().toString(), () -> check(folder, json(golden), conversations)));
            }
        }
        assertThat(tests).hasSizeGreaterThanOrEqualTo(30);
        return tests;
    }

    @SuppressWarnings("unchecked")
    private static void check(Path folder, Map<String, Object> golden, Map<String, Object> conversations)
            throws IOException {
        String source = Files.readString(folder.resolve((String) golden.get("template")));
        ChatTemplate template =
                ChatTemplate.parse(source, Map.of("bos_token", (String) golden.get("bos_token"), "eos_token", (String)
                        golden.get("eos_token")));
        Clock clock =
                Clock.fixed(LocalDateTime.parse((String) golden.get("now")).toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
        for (Map<String, Object> one : (List<Map<String, Object>>) golden.get("cases")) {
            ChatTemplate.Chat chat = chat(one, (Map<String, Object>) conversations.get(one.get("conversation")));
            if (one.get("error") instanceof String error) {
                String message = error.substring(error.indexOf(": ") + 2);
                assertThatThrownBy(() -> template.render(chat, clock))
                        .as("%s", one)
                        .isInstanceOf(JinjaException.class)
                        .hasMessageContaining(message);
            } else {
                assertThat(template.render(chat, clock)).as("%s", one).isEqualTo(one.get("rendered"));
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static ChatTemplate.Chat chat(Map<String, Object> one, Map<String, Object> conversation) {
        Map<String, Object> variables = new LinkedHashMap<>();
        if (one.containsKey("enable_thinking")) {
            variables.put("enable_thinking", one.get("enable_thinking"));
        }
        List<Map<String, Object>> messages = (List<Map<String, Object>>) conversation.get("messages");
        List<Map<String, Object>> tools =
                (List<Map<String, Object>>) conversation.getOrDefault("tools", List.<Map<String, Object>>of());
        return new ChatTemplate.Chat(
                messages.stream().map(Message::new).toList(),
                tools,
                List.of(),
                (Boolean) one.get("add_generation_prompt"),
                variables);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> json(Path file) {
        return new JsonMapper().readValue(file.toFile(), Map.class);
    }
}
