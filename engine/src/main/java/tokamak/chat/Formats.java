package tokamak.chat;

import java.util.List;
import java.util.Optional;
import tokamak.chat.ToolFormat.Ids;

/** The formats there are, and how they are recognised in a chat template's text. */
final class Formats {
    private static final Part ARGUMENTS = new Part.Arguments();
    private static final Part NAME = new Part.Name();

    static final ToolFormat HERMES = section(
            List.of("hermes", "qwen", "qwen25", "qwen3", "granite4", "ernie45"),
            List.of("<tool_call>\n"),
            List.of(new Part.NamedJson("", "name", "arguments")),
            List.of("\n</tool_call>"));

    private static final ToolFormat QWEN3_CODER = section(
            List.of("qwen3_coder", "qwen3_xml", "mimo", "step3p5"),
            List.of("<tool_call>\n"),
            List.of(
                    literal("<function="),
                    NAME,
                    literal(">\n"),
                    new Part.Tags("<parameter=", ">\n", "", "\n</parameter>\n"),
                    literal("</function>")),
            List.of("\n</tool_call>"));

    private static final ToolFormat SEED_OSS = section(
            List.of("seed_oss"),
            List.of("<seed:tool_call>\n"),
            List.of(
                    literal("<function="),
                    NAME,
                    literal(">\n"),
                    new Part.Tags("<parameter=", ">", "", "</parameter>\n"),
                    literal("</function>")),
            List.of("\n</seed:tool_call>"));

    private static final ToolFormat MINIMAX_M2 = new ToolFormat(
            List.of("minimax_m2"),
            List.of("<minimax:tool_call>\n"),
            "",
            List.of(
                    literal("<invoke name=\""),
                    NAME,
                    literal("\">\n"),
                    new Part.Tags("<parameter name=\"", "\">", "", "</parameter>\n"),
                    literal("</invoke>")),
            Optional.of("\n"),
            List.of("\n</minimax:tool_call>"),
            "\n",
            Ids.OPENAI);

    private static final ToolFormat GLM = section(
            List.of("glm45"),
            List.of("<tool_call>"),
            List.of(NAME, literal("\n"), new Part.Tags("<arg_key>", "</arg_key>\n", "<arg_value>", "</arg_value>\n")),
            List.of("</tool_call>"));

    private static final ToolFormat GLM47 = section(
            List.of("glm47"),
            List.of("<tool_call>"),
            List.of(NAME, new Part.Tags("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")),
            List.of("</tool_call>"));

    private static final ToolFormat LLAMA3_JSON = new ToolFormat(
            List.of("llama3_json", "llama4_json"),
            List.of(),
            "<|python_tag|>",
            List.of(new Part.NamedJson("", "name", "parameters")),
            Optional.of("; "),
            List.of(),
            "",
            Ids.OPENAI);

    private static final ToolFormat XLAM =
            list(List.of("xlam"), List.of("["), new Part.NamedJson("", "name", "arguments"), List.of("]"), Ids.OPENAI);

    private static final ToolFormat PYTHONIC = new ToolFormat(
            List.of("pythonic", "llama4_pythonic"),
            List.of("["),
            "<|python_start|>",
            List.of(NAME, literal("("), new Part.Keywords(), literal(")")),
            Optional.of(", "),
            List.of("]"),
            "",
            Ids.OPENAI);

    private static final ToolFormat LFM2 = new ToolFormat(
            List.of("lfm2"),
            List.of("<|tool_call_start|>", "["),
            "",
            List.of(NAME, literal("("), new Part.Keywords(), literal(")")),
            Optional.of(", "),
            List.of("]", "<|tool_call_end|>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat OLMO3 = new ToolFormat(
            List.of("olmo3"),
            List.of("<function_calls>"),
            "",
            List.of(NAME, literal("("), new Part.Keywords(), literal(")")),
            Optional.of("\n"),
            List.of("</function_calls>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat MISTRAL = section(
                    List.of("mistral"), List.of("[TOOL_CALLS]"), List.of(NAME, literal("[ARGS]"), ARGUMENTS), List.of())
            .with("", Ids.NINE);

    private static final ToolFormat MISTRAL_LIST = list(
            List.of("mistral_list"),
            List.of("[TOOL_CALLS]", "["),
            new Part.NamedJson("", "name", "arguments"),
            List.of("]"),
            Ids.NINE);

    private static final ToolFormat DEEPSEEK_V3 = new ToolFormat(
            List.of("deepseek_v3", "deepseek_r1"),
            List.of("<｜tool▁calls▁begin｜>"),
            "",
            List.of(
                    literal("<｜tool▁call▁begin｜>"),
                    literal("function<｜tool▁sep｜>"),
                    NAME,
                    literal("\n```json\n"),
                    ARGUMENTS,
                    literal("\n```"),
                    literal("<｜tool▁call▁end｜>")),
            Optional.of("\n"),
            List.of("<｜tool▁calls▁end｜>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat DEEPSEEK_V31 = new ToolFormat(
            List.of("deepseek_v31"),
            List.of("<｜tool▁calls▁begin｜>"),
            "",
            List.of(
                    literal("<｜tool▁call▁begin｜>"),
                    NAME,
                    literal("<｜tool▁sep｜>"),
                    ARGUMENTS,
                    literal("<｜tool▁call▁end｜>")),
            Optional.of(""),
            List.of("<｜tool▁calls▁end｜>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat DEEPSEEK_V32 = dsml("deepseek_v32", "function_calls");
    private static final ToolFormat DEEPSEEK_V4 = dsml("deepseek_v4", "tool_calls");

    private static final ToolFormat STEP3 = new ToolFormat(
            List.of("step3"),
            List.of("<｜tool_calls_begin｜>"),
            "",
            List.of(
                    literal("<｜tool_call_begin｜>"),
                    literal("function<｜tool_sep｜>"),
                    literal("<steptml:invoke name=\""),
                    NAME,
                    literal("\">"),
                    new Part.Tags("<steptml:parameter name=\"", "\">", "", "</steptml:parameter>"),
                    literal("</steptml:invoke>"),
                    literal("<｜tool_call_end｜>")),
            Optional.of("\n"),
            List.of("<｜tool_calls_end｜>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat APERTUS = new ToolFormat(
            List.of("apertus"),
            List.of("<|tools_prefix|>", "["),
            "",
            List.of(literal("{\""), NAME, literal("\": "), ARGUMENTS, literal("}")),
            Optional.of(", "),
            List.of("]", "<|tools_suffix|>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat GIGACHAT3 = section(
            List.of("gigachat3"),
            List.of("function call<|role_sep|>\n"),
            List.of(new Part.NamedJson("", "name", "arguments")),
            List.of());

    private static final ToolFormat MINIMAX = new ToolFormat(
            List.of("minimax"),
            List.of("<tool_calls>\n"),
            "",
            List.of(new Part.NamedJson("", "name", "arguments")),
            Optional.of("\n"),
            List.of("\n</tool_calls>"),
            "",
            Ids.OPENAI);

    private static final ToolFormat KIMI = new ToolFormat(
            List.of("kimi_k2"),
            List.of("<|tool_calls_section_begin|>"),
            "",
            List.of(
                    literal("<|tool_call_begin|>"),
                    new Part.NumberedName("functions."),
                    literal("<|tool_call_argument_begin|>"),
                    ARGUMENTS,
                    literal("<|tool_call_end|>")),
            Optional.of(""),
            List.of("<|tool_calls_section_end|>"),
            "",
            Ids.NUMBERED);

    private static final ToolFormat FUNCTION_TAG = section(
            List.of("functionary", "functionary_v3.1"),
            List.of("<function="),
            List.of(NAME, literal(">"), ARGUMENTS),
            List.of("</function>"));

    private static final ToolFormat GRANITE = list(
            List.of("granite"),
            List.of("<|tool_call|>", "["),
            new Part.NamedJson("", "name", "arguments"),
            List.of("]"),
            Ids.OPENAI);

    private static final ToolFormat GRANITE_20B = section(
            List.of("granite-20b-fc"),
            List.of("<function_call> "),
            List.of(new Part.NamedJson("", "name", "arguments")),
            List.of());

    private static final ToolFormat PHI4_MINI = list(
            List.of("phi4_mini_json"),
            List.of("functools", "["),
            new Part.NamedJson("", "name", "arguments"),
            List.of("]"),
            Ids.OPENAI);

    private static final ToolFormat PHI4_TAGS = list(
            List.of("phi4_mini_tags"),
            List.of("<|tool_call|>", "["),
            new Part.NamedJson("", "name", "arguments"),
            List.of("]", "<|/tool_call|>"),
            Ids.OPENAI);

    private static final ToolFormat TOOL_CALLS_LIST = list(
            List.of("jamba", "apriel", "hunyuan_a13b"),
            List.of("<tool_calls>", "["),
            new Part.NamedJson("", "name", "arguments"),
            List.of("]", "</tool_calls>"),
            Ids.OPENAI);

    private static final ToolFormat COHERE = list(
            List.of("cohere_command3", "cohere_command4"),
            List.of("<|START_ACTION|>", "["),
            new Part.NamedJson("tool_call_id", "tool_name", "parameters"),
            List.of("]", "<|END_ACTION|>"),
            Ids.OPENAI);

    private static final ToolFormat INTERNLM = section(
            List.of("internlm"),
            List.of("<|action_start|>", "<|plugin|>\n"),
            List.of(new Part.NamedJson("", "name", "parameters")),
            List.of("<|action_end|>"));

    private static final ToolFormat LONGCAT = section(
            List.of("longcat"),
            List.of("<longcat_tool_call>\n"),
            List.of(new Part.NamedJson("", "name", "arguments")),
            List.of("\n</longcat_tool_call>"));

    private static final ToolFormat FUNCTION_GEMMA = section(
            List.of("functiongemma"),
            List.of("<start_function_call>"),
            List.of(literal("call:"), NAME, new Part.Unquoted("<escape>")),
            List.of("<end_function_call>"));

    private static final ToolFormat GEMMA4 = section(
            List.of("gemma4"),
            List.of("<|tool_call>"),
            List.of(literal("call:"), NAME, new Part.Unquoted("<|\"|>")),
            List.of("<tool_call|>"));

    /** Calls are messages of their own, addressed to the function. */
    static final ToolFormat HARMONY = new ToolFormat(
            List.of("openai", "gpt_oss", "harmony"),
            List.of(),
            "",
            List.of(ARGUMENTS),
            Optional.empty(),
            List.of("<|call|>"),
            "<|start|>assistant",
            Ids.OPENAI);

    static final List<ToolFormat> TOOLS = List.of(
            HERMES,
            QWEN3_CODER,
            SEED_OSS,
            MINIMAX_M2,
            GLM,
            GLM47,
            LLAMA3_JSON,
            XLAM,
            PYTHONIC,
            LFM2,
            OLMO3,
            MISTRAL,
            MISTRAL_LIST,
            DEEPSEEK_V3,
            DEEPSEEK_V31,
            DEEPSEEK_V32,
            DEEPSEEK_V4,
            STEP3,
            APERTUS,
            GIGACHAT3,
            MINIMAX,
            KIMI,
            FUNCTION_TAG,
            GRANITE,
            GRANITE_20B,
            PHI4_MINI,
            PHI4_TAGS,
            TOOL_CALLS_LIST,
            COHERE,
            INTERNLM,
            LONGCAT,
            FUNCTION_GEMMA,
            GEMMA4,
            HARMONY);

    // ---- reasoning

    private static final ReasoningFormat THINK = think(
            List.of(
                    "think",
                    "qwen3",
                    "deepseek_v3",
                    "deepseek_v4",
                    "glm45",
                    "glm47",
                    "holo2",
                    "kimi_k2",
                    "kimi_k3",
                    "mimo",
                    "nemotron_v3",
                    "olmo3",
                    "smollm3",
                    "step3p5",
                    "minimax_m2"),
            ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat THINK_AT_ONCE =
            think(List.of("deepseek_r1", "step3"), ReasoningFormat.Start.REASONING);

    private static final ReasoningFormat RESPONSE_TAGS = new ReasoningFormat(
            List.of("granite_think", "ernie45"),
            "<think>",
            "</think>",
            "<response>",
            "</response>",
            ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat ANSWER_TAGS = new ReasoningFormat(
            List.of("hunyuan_a13b"), "<think>", "</think>", "<answer>", "</answer>", ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat GRANITE_WORDS = new ReasoningFormat(
            List.of("granite"),
            "Here is my thought process:",
            "Here is my response:",
            "",
            "",
            ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat SEED_THINK = plain("seed_oss", "<seed:think>", "</seed:think>");
    private static final ReasoningFormat MISTRAL_THINK = plain("mistral", "[THINK]", "[/THINK]");
    private static final ReasoningFormat GEMMA4_THINK = plain("gemma4", "<|channel>thought\n", "<channel|>");

    private static final ReasoningFormat COHERE_THINK = new ReasoningFormat(
            List.of("cohere_command3"),
            "<|START_THINKING|>",
            "<|END_THINKING|>",
            "<|START_RESPONSE|>",
            "<|END_RESPONSE|>",
            ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat COHERE_TEXT = new ReasoningFormat(
            List.of("cohere_command4"),
            "<|START_THINKING|>",
            "<|END_THINKING|>",
            "<|START_TEXT|>",
            "<|END_TEXT|>",
            ReasoningFormat.Start.MARKED);

    private static final ReasoningFormat APRIEL = new ReasoningFormat(
            List.of("apriel"),
            "",
            "[BEGIN FINAL RESPONSE]",
            "",
            "[END FINAL RESPONSE]",
            ReasoningFormat.Start.REASONING);

    /** Harmony's channels; its messages say themselves what they are. */
    static final ReasoningFormat HARMONY_CHANNELS = new ReasoningFormat(
            List.of("openai_gptoss", "gpt_oss", "harmony"),
            "<|channel|>analysis<|message|>",
            "<|end|>",
            "<|channel|>final<|message|>",
            "",
            ReasoningFormat.Start.MARKED);

    static final List<ReasoningFormat> REASONING = List.of(
            THINK,
            THINK_AT_ONCE,
            RESPONSE_TAGS,
            ANSWER_TAGS,
            GRANITE_WORDS,
            SEED_THINK,
            MISTRAL_THINK,
            GEMMA4_THINK,
            COHERE_THINK,
            COHERE_TEXT,
            APRIEL,
            HARMONY_CHANNELS);

    private Formats() {}

    private static Part literal(String text) {
        return new Part.Literal(text);
    }

    /** Each section holds one call. */
    private static ToolFormat section(List<String> names, List<String> opening, List<Part> call, List<String> closing) {
        return new ToolFormat(names, opening, "", call, Optional.empty(), closing, "\n", Ids.OPENAI);
    }

    /** DeepSeek's markup: each argument says itself whether it is a string. */
    private static ToolFormat dsml(String name, String section) {
        return new ToolFormat(
                List.of(name),
                List.of("<｜DSML｜" + section + ">\n"),
                "",
                List.of(
                        literal("<｜DSML｜invoke name=\""),
                        NAME,
                        literal("\">\n"),
                        new Part.Tags(
                                "<｜DSML｜parameter name=\"",
                                "\" string=\"false\">",
                                "\" string=\"true\">",
                                "",
                                "</｜DSML｜parameter>\n"),
                        literal("</｜DSML｜invoke>")),
                Optional.of("\n"),
                List.of("\n</｜DSML｜" + section + ">"),
                "",
                Ids.OPENAI);
    }

    /** A section is a JSON array. */
    private static ToolFormat list(
            List<String> names, List<String> opening, Part.NamedJson call, List<String> closing, Ids ids) {
        return new ToolFormat(names, opening, "", List.of(call), Optional.of(", "), closing, "", ids);
    }

    private static ReasoningFormat think(List<String> names, ReasoningFormat.Start start) {
        return new ReasoningFormat(names, "<think>", "</think>", "", "", start);
    }

    private static ReasoningFormat plain(String name, String open, String close) {
        return new ReasoningFormat(List.of(name), open, close, "", "", ReasoningFormat.Start.MARKED);
    }

    static Optional<ToolFormat> tools(String name) {
        return TOOLS.stream().filter(format -> format.names().contains(name)).findFirst();
    }

    static Optional<ReasoningFormat> reasoning(String name) {
        return REASONING.stream()
                .filter(format -> format.names().contains(name))
                .findFirst();
    }

    /** The format that a template teaches its model; empty if it does not speak of calls. */
    static Optional<ToolFormat> toolsIn(String template) {
        return TOOL_SIGNS.stream()
                .filter(sign -> sign.isIn(template))
                .map(Sign::format)
                .findFirst();
    }

    static Optional<ReasoningFormat> reasoningIn(String template) {
        return REASONING_SIGNS.stream()
                .filter(sign -> sign.isIn(template))
                .map(Sign::format)
                .findFirst();
    }

    /** A format, and the texts that must all be in a template for it. */
    private record Sign<F>(F format, List<String> texts) {
        static <F> Sign<F> of(F format, String... texts) {
            return new Sign<>(format, List.of(texts));
        }

        boolean isIn(String template) {
            return texts.stream().allMatch(template::contains);
        }
    }

    /** More special ones first. */
    private static final List<Sign<ToolFormat>> TOOL_SIGNS = List.of(
            Sign.of(HARMONY, "<|channel|>", "<|message|>"),
            Sign.of(KIMI, "<|tool_calls_section_begin|>"),
            Sign.of(DEEPSEEK_V3, "<｜tool▁calls▁begin｜>", "```json"),
            Sign.of(DEEPSEEK_V31, "<｜tool▁calls▁begin｜>"),
            Sign.of(DEEPSEEK_V32, "｜DSML｜", "function_calls>"),
            Sign.of(DEEPSEEK_V4, "｜DSML｜"),
            Sign.of(STEP3, "<steptml:invoke"),
            Sign.of(APERTUS, "<|tools_prefix|>"),
            Sign.of(GIGACHAT3, "function call", "|role_sep|"),
            Sign.of(SEED_OSS, "<seed:tool_call>"),
            Sign.of(SEED_OSS, "'<seed:tool_call>'"),
            Sign.of(MINIMAX_M2, "minimax:tool_call"),
            Sign.of(GEMMA4, "<|tool_call>"),
            Sign.of(FUNCTION_GEMMA, "<start_function_call>"),
            Sign.of(COHERE, "<|START_ACTION|>"),
            Sign.of(LFM2, "<|tool_call_start|>"),
            Sign.of(LFM2, "<|tool_list_start|>"),
            Sign.of(MISTRAL, "[TOOL_CALLS]", "[ARGS]"),
            Sign.of(MISTRAL_LIST, "[TOOL_CALLS]"),
            Sign.of(INTERNLM, "<|action_start|>"),
            Sign.of(LONGCAT, "<longcat_tool_call>"),
            Sign.of(OLMO3, "<function_calls>"),
            Sign.of(QWEN3_CODER, "<tool_call>", "<function="),
            Sign.of(GLM, "<tool_call>", "<arg_key>", "\n<arg_value>"),
            Sign.of(GLM, "<tool_call>", "<arg_key>", "\\n<arg_value>"),
            Sign.of(GLM47, "<tool_call>", "<arg_key>"),
            Sign.of(MINIMAX, "<tool_calls>\\n'"),
            Sign.of(MINIMAX, "<tool_calls>\n{\"name\""),
            Sign.of(TOOL_CALLS_LIST, "<tool_calls>"),
            Sign.of(HERMES, "<tool_call>"),
            Sign.of(FUNCTION_TAG, "<function="),
            Sign.of(FUNCTION_TAG, "`<function`"),
            Sign.of(PHI4_TAGS, "<|tool_call|>", "<|/tool_call|>"),
            Sign.of(PHI4_MINI, "functools"),
            Sign.of(PHI4_TAGS, "<|tool|>", "<|/tool|>"),
            Sign.of(GRANITE, "<|tool_call|>"),
            Sign.of(GRANITE_20B, "<function_call>"),
            Sign.of(LLAMA3_JSON, "<|start_header_id|>", "\"parameters\""),
            Sign.of(PYTHONIC, "<|python_start|>"),
            Sign.of(PYTHONIC, "func_name1(params_name1=params_value1"));

    private static final List<Sign<ReasoningFormat>> REASONING_SIGNS = List.of(
            Sign.of(HARMONY_CHANNELS, "<|channel|>", "<|message|>"),
            Sign.of(SEED_THINK, "<seed:think>"),
            Sign.of(MISTRAL_THINK, "[THINK]"),
            Sign.of(GEMMA4_THINK, "<|channel>"),
            Sign.of(COHERE_TEXT, "<|START_THINKING|>", "<|START_TEXT|>"),
            Sign.of(COHERE_THINK, "<|START_THINKING|>"),
            Sign.of(APRIEL, "[BEGIN FINAL RESPONSE]"),
            Sign.of(GRANITE_WORDS, "Here is my thought process:"),
            Sign.of(RESPONSE_TAGS, "<think>", "<response>"),
            Sign.of(ANSWER_TAGS, "<think>", "<answer>"),
            Sign.of(THINK, "<think>"),
            Sign.of(THINK, "</think>"));
}
