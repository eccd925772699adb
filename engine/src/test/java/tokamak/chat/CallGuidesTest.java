package tokamak.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tokamak.api.Guide;
import tokamak.grammar.GrammarCompiler;
import tokamak.grammar.Matcher;
import tokamak.text.ByteTokenizer;
import tokamak.text.Vocabulary;

/** What models are trained to write is allowed by the guides of their formats, and what they get wrong is not. */
class CallGuidesTest {
    private static final Vocabulary BYTES = ByteTokenizer.create().vocabulary();

    /** How far a text gets, and whether it may end there. */
    private static String follow(Guide guide, String text) {
        Matcher matcher = new GrammarCompiler(BYTES, BYTES.size(), any -> new int[0])
                .compile(guide)
                .matcher(ByteTokenizer.EOS);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            int id = bytes[i] & 0xFF;
            if (matcher.isFinished() || !matcher.allows(id)) {
                return "stops at: " + new String(bytes, i, bytes.length - i, StandardCharsets.UTF_8);
            }
            matcher.accept(id);
        }
        return matcher.isComplete() || matcher.isFinished() || matcher.allows(ByteTokenizer.EOS) ? "complete" : "open";
    }

    private static Guide guide(ChatFormat format, ChatFormat.Start start, AnswerRules.Use use, boolean parallel) {
        AnswerRules rules = new AnswerRules(
                use == AnswerRules.Use.NONE ? List.of() : OutputParserTest.TOOLS,
                use,
                parallel,
                Optional.empty(),
                false,
                OptionalInt.empty());
        return format.guide(start, rules).orElseThrow();
    }

    static Stream<Arguments> calls() {
        // What only a parser has to be lenient about.
        return OutputParserTest.calls().filter(call -> {
            String text = (String) call.get()[1];
            return !text.startsWith("<tool_call>{\"arg")
                    && !text.startsWith(" [")
                    && !text.contains("[TOOL_CALLS] [")
                    && !text.contains("\"id\": \"7\"")
                    && !text.contains("<|START_ACTION|>[\n")
                    && !text.contains("time()</function_calls>")
                    && !text.endsWith("json<|message|>{\"city\": \"Paris\"}")
                    && !text.contains("spots:[1,{x")
                    && !text.startsWith("<|python_tag|>")
                    && !text.contains("True\n</parameter>")
                    && !text.contains(
                            "<function_call> {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}<");
        });
    }

    @ParameterizedTest
    @MethodSource("calls")
    void trainedFormsAreAllowed(String parser, String text, List<String> calls) {
        ChatFormat format = ChatFormat.plain().withToolParser(parser);
        for (AnswerRules.Use use : List.of(AnswerRules.Use.AUTO, AnswerRules.Use.REQUIRED)) {
            assertThat(follow(guide(format, ChatFormat.Start.ANSWER, use, true), text))
                    .as("%s %s", parser, use)
                    .isEqualTo("complete");
        }
        if (calls.size() == 2) {
            assertThat(follow(guide(format, ChatFormat.Start.ANSWER, AnswerRules.Use.REQUIRED, false), text))
                    .as("one call only")
                    .startsWith("stops");
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    void textIsFreeUntilACallBegins(String parser, String text, List<String> calls) {
        ChatFormat format = ChatFormat.plain().withToolParser(parser);
        if (parser.equals("openai")) {
            return;
        }
        Guide auto = guide(format, ChatFormat.Start.ANSWER, AnswerRules.Use.AUTO, true);
        assertThat(follow(auto, "It is <b>warm</b>, 3 < 4.\n")).isEqualTo("complete");
        assertThat(follow(auto, "")).isEqualTo("complete");
        String wrong = text.replace("get_weather", "get_wether").replace("time", "tame");
        assertThat(follow(auto, wrong)).as(wrong).startsWith("stops");
        assertThat(follow(guide(format, ChatFormat.Start.ANSWER, AnswerRules.Use.REQUIRED, true), "It"))
                .startsWith("stops");
    }

    @Test
    void reasoningIsFreeAndItsBudgetIsKept() {
        ChatFormat qwen = ChatFormat.of("<think> <tool_call>");
        Guide required = guide(qwen, ChatFormat.Start.MARKED, AnswerRules.Use.REQUIRED, true);
        String call = "<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>";
        assertThat(follow(required, "<think>\nHm <tool_call> no.\n</think>\n\n" + call))
                .isEqualTo("complete");
        assertThat(follow(required, call)).isEqualTo("complete");
        assertThat(follow(required, "<think>x</think>\n\nNo")).startsWith("stops at: No");
        AnswerRules budget =
                new AnswerRules(List.of(), AnswerRules.Use.NONE, true, Optional.empty(), false, OptionalInt.of(4));
        Guide thinking = qwen.guide(ChatFormat.Start.REASONING, budget).orElseThrow();
        assertThat(follow(thinking, "1234</think>Yes.")).isEqualTo("complete");
        assertThat(follow(thinking, "12345")).isEqualTo("stops at: 5");
        assertThat(follow(thinking, "1</think>a</think>")).startsWith("stops");
        assertThat(qwen.guide(ChatFormat.Start.MARKED, AnswerRules.FREE)).isEmpty();
        AnswerRules both = new AnswerRules(
                OutputParserTest.TOOLS, AnswerRules.Use.AUTO, true, Optional.empty(), false, OptionalInt.of(4));
        Guide calling = qwen.guide(ChatFormat.Start.REASONING, both).orElseThrow();
        assertThat(follow(calling, "12</think>\n\nI look.\n" + call + "\n" + call))
                .isEqualTo("complete");
        assertThat(follow(calling, "12</think>Yes.")).isEqualTo("complete");
        assertThat(follow(calling, "12</think>Yes.</think>")).startsWith("stops");
        assertThat(follow(calling, "12</think><tool_call>\n{\"name\": \"tame\""))
                .startsWith("stops");
    }

    @Test
    void contentFollowsItsOwnGuideWhereNoFunctionIsCalled() {
        ChatFormat qwen = ChatFormat.of("<think> <tool_call>");
        AnswerRules rules = new AnswerRules(
                OutputParserTest.TOOLS,
                AnswerRules.Use.AUTO,
                true,
                Optional.of(new Guide.Choice(List.of("yes", "no"))),
                false,
                OptionalInt.empty());
        Guide guide = qwen.guide(ChatFormat.Start.ANSWER, rules).orElseThrow();
        assertThat(follow(guide, "yes")).isEqualTo("complete");
        assertThat(follow(guide, "maybe")).startsWith("stops");
        assertThat(follow(guide, "<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>"))
                .isEqualTo("complete");
    }
}
