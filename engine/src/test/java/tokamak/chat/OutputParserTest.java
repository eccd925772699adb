package tokamak.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OutputParserTest {
    private static final Tool WEATHER =
            new Tool("get_weather", Map.of("type", "object", "properties", properties()), false);
    private static final Tool TIME = new Tool("time", Map.of(), false);
    static final List<Tool> TOOLS = List.of(WEATHER, TIME);
    private static final String PARIS = "get_weather {\"city\": \"Paris\"}";

    /** In this order. */
    private static Map<String, Object> properties() {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("city", Map.of("type", "string"));
        properties.put("days", Map.of("type", "integer"));
        properties.put("detail", Map.of("type", "boolean"));
        properties.put("spots", Map.of("type", "array"));
        return properties;
    }

    private static Message parse(ChatFormat format, ChatFormat.Start start, List<Tool> tools, List<String> pieces) {
        OutputParser parser = format.parser(start, tools);
        List<OutputEvent> events = new ArrayList<>();
        pieces.forEach(piece -> events.addAll(parser.push(piece)));
        events.addAll(parser.finish());
        return Message.of(events);
    }

    private static List<String> cut(String text, SplittableRandom random, int maxLength) {
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int end = Math.min(text.length(), at + random.nextInt(maxLength + 1));
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    /** However the text is cut. */
    private static void check(ChatFormat format, ChatFormat.Start start, String text, Message expected) {
        SplittableRandom random = new SplittableRandom(text.hashCode());
        assertThat(parse(format, start, TOOLS, List.of(text))).as(text).isEqualTo(expected);
        for (int run = 0; run < 40; run++) {
            List<String> pieces = cut(text, random, 1 + run % 9);
            assertThat(parse(format, start, TOOLS, pieces))
                    .as(pieces.toString())
                    .isEqualTo(expected);
        }
    }

    @Test
    void aTagThatSaysWhatItsValueIsBeatsTheSchema() {
        check(
                ChatFormat.plain().withToolParser("deepseek_v32"),
                ChatFormat.Start.ANSWER,
                "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"get_weather\">\n"
                        + "<｜DSML｜parameter name=\"spots\" string=\"true\">[1]</｜DSML｜parameter>\n"
                        + "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
                new Message("", "", List.of("get_weather {\"spots\": \"[1]\"}")));
    }

    static Stream<Arguments> calls() {
        String two = "get_weather {\"city\": \"Paris\", \"days\": 2}";
        return Stream.of(
                arguments(
                        "hermes",
                        "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>",
                        List.of(PARIS)),
                arguments(
                        "hermes",
                        "<tool_call>{\"arguments\": {\"city\": \"Paris\"}, \"name\": \"get_weather\"}</tool_call>\n<tool_call>\n{\"name\": \"time\"}\n</tool_call>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "qwen3_coder",
                        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
                        List.of(two)),
                arguments(
                        "qwen3_coder",
                        "<tool_call>\n<function=time>\n</function>\n</tool_call>\n<tool_call>\n<function=get_weather>\n<parameter=city>\na \"b\"\n<c>\n\n</parameter>\n<parameter=detail>\nTrue\n</parameter>\n</function>\n</tool_call>",
                        List.of("time {}", "get_weather {\"city\": \"a \\\"b\\\"\\n<c>\\n\", \"detail\": true}")),
                arguments(
                        "seed_oss",
                        "<seed:tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n<parameter=days>2</parameter>\n</function>\n</seed:tool_call>",
                        List.of(two)),
                arguments(
                        "minimax_m2",
                        "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">Paris</parameter>\n<parameter name=\"days\">2</parameter>\n</invoke>\n<invoke name=\"time\">\n</invoke>\n</minimax:tool_call>",
                        List.of(two, "time {}")),
                arguments(
                        "deepseek_v32",
                        "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"get_weather\">\n<｜DSML｜parameter name=\"city\" string=\"true\">Paris</｜DSML｜parameter>\n<｜DSML｜parameter name=\"days\" string=\"false\">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n<｜DSML｜invoke name=\"time\">\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
                        List.of(two, "time {}")),
                arguments(
                        "deepseek_v4",
                        "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"get_weather\">\n<｜DSML｜parameter name=\"city\" string=\"true\">Paris</｜DSML｜parameter>\n<｜DSML｜parameter name=\"days\" string=\"false\">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
                        List.of(two)),
                arguments(
                        "step3",
                        "<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name=\"get_weather\"><steptml:parameter name=\"city\">Paris</steptml:parameter><steptml:parameter name=\"days\">2</steptml:parameter></steptml:invoke><｜tool_call_end｜>\n<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name=\"time\"></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>",
                        List.of(two, "time {}")),
                arguments(
                        "apertus",
                        "<|tools_prefix|>[{\"get_weather\": {\"city\": \"Paris\"}}, {\"time\": {}}]<|tools_suffix|>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "gigachat3",
                        "function call<|role_sep|>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}",
                        List.of(PARIS)),
                arguments(
                        "minimax",
                        "<tool_calls>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n{\"name\": \"time\", \"arguments\": {}}\n</tool_calls>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "mimo",
                        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>",
                        List.of(PARIS)),
                arguments(
                        "glm45",
                        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>\n<tool_call>time\n</tool_call>",
                        List.of(two, "time {}")),
                arguments(
                        "glm47",
                        "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>",
                        List.of(PARIS)),
                arguments(
                        "llama3_json",
                        "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}; {\"name\": \"time\", \"parameters\": {}}",
                        List.of(PARIS, "time {}")),
                arguments(
                        "llama3_json",
                        "<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}",
                        List.of(PARIS)),
                arguments("pythonic", "[get_weather(city='Paris', days=2), time()]", List.of(two, "time {}")),
                arguments(
                        "pythonic",
                        " [get_weather(city=\"a, b)\\\"\", spots=[(1, None), {'x': True}])]",
                        List.of("get_weather {\"city\": \"a, b)\\\"\", \"spots\": [[1, null], {\"x\": true}]}")),
                arguments("lfm2", "<|tool_call_start|>[get_weather(city=\"Paris\")]<|tool_call_end|>", List.of(PARIS)),
                arguments(
                        "olmo3",
                        "<function_calls>get_weather(city=\"Paris\")\ntime()</function_calls>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "mistral",
                        "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Paris\"}[TOOL_CALLS]time[ARGS]{}",
                        List.of(PARIS, "time {}")),
                arguments(
                        "mistral_list",
                        "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}, {\"name\": \"time\", \"arguments\": {}}]",
                        List.of(PARIS, "time {}")),
                arguments(
                        "deepseek_v3",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>time\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "deepseek_v31",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>time<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
                        List.of(PARIS, "time {}")),
                arguments(
                        "kimi_k2",
                        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city\": \"Paris\"}<|tool_call_end|><|tool_call_begin|>functions.time:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>",
                        List.of(PARIS, "time {}")),
                arguments("functionary", "<function=get_weather>{\"city\": \"Paris\"}</function>", List.of(PARIS)),
                arguments(
                        "granite",
                        "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]",
                        List.of(PARIS)),
                arguments(
                        "granite-20b-fc",
                        "<function_call> {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}<function_call> {\"name\": \"time\", \"arguments\": {}}",
                        List.of(PARIS, "time {}")),
                arguments(
                        "phi4_mini_json",
                        "functools[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]",
                        List.of(PARIS)),
                arguments(
                        "phi4_mini_tags",
                        "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]<|/tool_call|>",
                        List.of(PARIS)),
                arguments(
                        "jamba",
                        "<tool_calls>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}, \"id\": \"7\"}]</tool_calls>",
                        List.of(PARIS)),
                arguments(
                        "cohere_command3",
                        "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}\n]<|END_ACTION|>",
                        List.of(PARIS)),
                arguments(
                        "internlm",
                        "<|action_start|><|plugin|>\n{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}<|action_end|>",
                        List.of(PARIS)),
                arguments(
                        "longcat",
                        "<longcat_tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</longcat_tool_call>",
                        List.of(PARIS)),
                arguments(
                        "xlam", "[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]", List.of(PARIS)),
                arguments(
                        "functiongemma",
                        "<start_function_call>call:get_weather{city:<escape>Paris<escape>,days:2}<end_function_call>",
                        List.of(two)),
                arguments(
                        "gemma4",
                        "<|tool_call>call:get_weather{city:<|\"|>a}\"b<|\"|>,detail:true,spots:[1,{x:<|\"|>y<|\"|>}]}<tool_call|><|tool_call>call:time{}<tool_call|>",
                        List.of(
                                "get_weather {\"city\": \"a}\\\"b\", \"detail\": true, \"spots\": [1, {\"x\": \"y\"}]}",
                                "time {}")),
                arguments(
                        "openai",
                        "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Paris\"}<|call|>",
                        List.of(PARIS)),
                arguments(
                        "openai",
                        " to=functions.get_weather<|channel|>commentary json<|message|>{\"city\": \"Paris\"}",
                        List.of(PARIS)));
    }

    @ParameterizedTest
    @MethodSource
    void calls(String parser, String text, List<String> calls) {
        ChatFormat format = ChatFormat.plain().withToolParser(parser);
        check(format, ChatFormat.Start.ANSWER, text, new Message("", "", calls));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void contentBeforeMarkedCallsIsKept(String parser, String text, List<String> calls) {
        ChatFormat format = ChatFormat.plain().withToolParser(parser);
        if (format.toolFormat().isWholeAnswer()) {
            return;
        }
        check(
                format,
                ChatFormat.Start.ANSWER,
                "I look  that up.\n\n" + text,
                new Message("", "I look  that up.", calls));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void aCutAnswerShowsNoMarkers(String parser, String text, List<String> calls) {
        ChatFormat format = ChatFormat.plain().withToolParser(parser);
        if (format.toolFormat().isWholeAnswer()) {
            return;
        }
        for (int end = 0; end < text.length(); end++) {
            Message message = parse(format, ChatFormat.Start.ANSWER, TOOLS, List.of(text.substring(0, end)));
            // What may begin a marker can be what the model wanted to say.
            assertThat(format.toolFormat().marker())
                    .as(text.substring(0, end))
                    .startsWith(message.content().strip());
        }
    }

    static Stream<Arguments> reasoning() {
        return Stream.of(
                arguments(
                        "qwen3",
                        ChatFormat.Start.MARKED,
                        "<think>\nHm.\n\nYes.\n</think>\n\nGood  day.",
                        "Hm.\n\nYes.",
                        "Good  day."),
                arguments("qwen3", ChatFormat.Start.MARKED, "Good day.", "", "Good day."),
                arguments("qwen3", ChatFormat.Start.MARKED, "<think>\n\n</think>\n\nGood day.", "", "Good day."),
                arguments("qwen3", ChatFormat.Start.ANSWER, "Good day.\n", "", "Good day.\n"),
                arguments(
                        "qwen3",
                        ChatFormat.Start.REASONING,
                        "Hm <b> </b></think>Good day.",
                        "Hm <b> </b>",
                        "Good day."),
                arguments("qwen3", ChatFormat.Start.REASONING, "<think>\nHm.</think>Good day.", "Hm.", "Good day."),
                arguments("qwen3", ChatFormat.Start.REASONING, "never done", "never done", ""),
                arguments(
                        "deepseek_r1", ChatFormat.Start.REASONING, "\nHm.\n</think>\n\nGood day.", "Hm.", "Good day."),
                arguments("mistral", ChatFormat.Start.MARKED, "[THINK]Hm.[/THINK]Good day.", "Hm.", "Good day."),
                arguments(
                        "seed_oss",
                        ChatFormat.Start.MARKED,
                        "<seed:think>Hm.</seed:think>\nGood day.",
                        "Hm.",
                        "Good day."),
                arguments(
                        "gemma4",
                        ChatFormat.Start.MARKED,
                        "<|channel>thought\nHm.<channel|>Good day.",
                        "Hm.",
                        "Good day."),
                arguments(
                        "granite",
                        ChatFormat.Start.MARKED,
                        "Here is my thought process:\nHm.\nHere is my response:\nGood day.",
                        "Hm.",
                        "Good day."),
                arguments(
                        "granite_think",
                        ChatFormat.Start.MARKED,
                        "<think>Hm.</think>\n<response> Good day. </response>",
                        "Hm.",
                        "Good day."),
                arguments(
                        "hunyuan_a13b",
                        ChatFormat.Start.MARKED,
                        "<think>\nHm.\n</think>\n<answer>\nGood day.\n</answer>",
                        "Hm.",
                        "Good day."),
                arguments(
                        "cohere_command3",
                        ChatFormat.Start.MARKED,
                        "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Good day.<|END_RESPONSE|>",
                        "Hm.",
                        "Good day."),
                arguments(
                        "apriel",
                        ChatFormat.Start.REASONING,
                        "Hm.\n[BEGIN FINAL RESPONSE]\nGood day.\n[END FINAL RESPONSE]",
                        "Hm.",
                        "Good day."),
                arguments(
                        "openai_gptoss",
                        ChatFormat.Start.MARKED,
                        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Good day.<|return|>",
                        "Hm.",
                        "Good day."));
    }

    @ParameterizedTest
    @MethodSource
    void reasoning(String parser, ChatFormat.Start start, String text, String reasoning, String content) {
        ChatFormat format = ChatFormat.plain().withReasoningParser(parser);
        check(format, start, text, new Message(reasoning, content, List.of()));
        SplittableRandom random = new SplittableRandom(7);
        assertThat(parse(format, start, List.of(), cut(text, random, 3)))
                .isEqualTo(new Message(reasoning, content, List.of()));
    }

    @Test
    void reasoningContentAndCallsFollowEachOther() {
        ChatFormat qwen = ChatFormat.plain().withReasoningParser("qwen3").withToolParser("hermes");
        check(
                qwen,
                ChatFormat.Start.MARKED,
                "<think>\nI could <tool_call> here.\n</think>\n\nLet me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>",
                new Message("I could <tool_call> here.", "Let me see.", List.of(PARIS)));
        ChatFormat harmony = ChatFormat.of("<|channel|>analysis<|message|>");
        check(
                harmony,
                ChatFormat.Start.MARKED,
                "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Paris\"}<|call|>",
                new Message("Hm.", "I look.", List.of(PARIS)));
    }

    @Test
    void whatOnlyLooksLikeACallIsContent() {
        ChatFormat hermes = ChatFormat.plain();
        for (String text : List.of(
                "Write <tool_call> before it.",
                "<tool_call>[1]</tool_call>",
                "<tool_cal",
                "a < b",
                " <tool_call>\n{\"x\": 1}")) {
            check(hermes, ChatFormat.Start.ANSWER, text, new Message("", text, List.of()));
        }
        ChatFormat glm = ChatFormat.plain().withToolParser("glm45");
        String prose = "A <tool_call> tag begins a call.";
        check(glm, ChatFormat.Start.ANSWER, prose, new Message("", prose, List.of()));
        ChatFormat llama = ChatFormat.plain().withToolParser("llama3_json");
        for (String text :
                List.of("{\"name\": \"Bob\", \"age\": 3}", "{\"a\": 1}", "{", "Use {\"name\": \"time\"}.", "  {}\n")) {
            check(llama, ChatFormat.Start.ANSWER, text, new Message("", text, List.of()));
        }
        ChatFormat python = ChatFormat.plain().withToolParser("pythonic");
        for (String text : List.of("[1, 2]", "[Paris](http://x)", "[other(x=1)]")) {
            check(python, ChatFormat.Start.ANSWER, text, new Message("", text, List.of()));
        }
    }

    @Test
    void withoutToolsCallsAreContent() {
        String text = " <tool_call>\n{\"name\": \"time\"}\n</tool_call> ";
        assertThat(parse(ChatFormat.plain(), ChatFormat.Start.ANSWER, List.of(), List.of(text)))
                .isEqualTo(new Message("", text, List.of()));
    }

    @Test
    void argumentsComeWhileTheyAreWritten() {
        OutputParser parser = ChatFormat.plain().withToolParser("qwen3_coder").parser(ChatFormat.Start.ANSWER, TOOLS);
        List<OutputEvent> events = parser.push("<tool_call>\n<function=get_weather>\n<parameter=city>\nPar");
        assertThat(Message.of(events).calls()).containsExactly("get_weather {\"city\": \"Par");
        OutputParser json = ChatFormat.plain().parser(ChatFormat.Start.ANSWER, TOOLS);
        assertThat(Message.of(json.push("<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"ci"))
                        .calls())
                .containsExactly("get_weather {\"ci");
    }

    @Test
    void idsHaveTheFormThatTemplatesAccept() {
        assertThat(firstId("hermes", "<tool_call>{\"name\": \"time\"}</tool_call>"))
                .matches("call_[a-zA-Z0-9]{24}");
        assertThat(firstId("mistral", "[TOOL_CALLS]time[ARGS]{}")).matches("[a-zA-Z0-9]{9}");
        assertThat(
                        firstId(
                                "kimi_k2",
                                "<|tool_calls_section_begin|><|tool_call_begin|>functions.time:3<|tool_call_argument_begin|>{}"))
                .isEqualTo("functions.time:3");
    }

    private static String firstId(String parser, String text) {
        List<OutputEvent> events = ChatFormat.plain()
                .withToolParser(parser)
                .parser(ChatFormat.Start.ANSWER, TOOLS)
                .push(text);
        return events.getFirst() instanceof OutputEvent.CallBegin call ? call.id() : "";
    }

    @Test
    void randomTextNeverBreaksAParser() {
        SplittableRandom random = new SplittableRandom(11);
        for (ToolFormat tools : Formats.TOOLS) {
            List<String> words = new ArrayList<>(List.of(
                    "{",
                    "}",
                    "\"",
                    "a",
                    ": ",
                    ", ",
                    "time",
                    "(",
                    ")",
                    "[",
                    "]",
                    "\n",
                    "=",
                    "'",
                    "\\",
                    "\"name\": ",
                    "\"time\"",
                    "</think>"));
            words.addAll(tools.texts());
            ChatFormat format = ChatFormat.plain().withToolParser(tools.name()).withReasoningParser("qwen3");
            for (int run = 0; run < 300; run++) {
                StringBuilder text = new StringBuilder();
                for (int i = random.nextInt(14); i >= 0; i--) {
                    text.append(words.get(random.nextInt(words.size())));
                }
                Message whole = parse(format, ChatFormat.Start.REASONING, TOOLS, List.of(text.toString()));
                assertThat(parse(format, ChatFormat.Start.REASONING, TOOLS, cut(text.toString(), random, 3)))
                        .as(tools.name() + ": " + text)
                        .isEqualTo(whole);
            }
        }
    }
}
