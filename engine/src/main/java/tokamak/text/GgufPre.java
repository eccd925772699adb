package tokamak.text;

import java.util.List;
import java.util.Optional;

/**
 * The pre-tokenizers that GGUF files name in {@code tokenizer.ggml.pre}: expressions that cut one after another, and two
 * habits that come with the name.
 *
 * @param patterns in the syntax of {@code tokenizer.json}
 * @param wholeWords a word that is a token is not taken apart
 * @param addBos prompts begin with the beginning-of-text token unless the file says otherwise
 */
record GgufPre(List<String> patterns, boolean wholeWords, boolean addBos) {
    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String LED = CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String LLAMA3 = LED + "|\\p{N}{1,3}" + REST;
    private static final String QWEN2 = LED + "|\\p{N}" + REST;
    private static final String QWEN35 = CONTRACTION
            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String CASED_REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String GPT4O = cased(UPPER, LOWER, CONTRACTION + "?") + "|\\p{N}{1,3}" + CASED_REST;
    private static final String TEKKEN = cased(UPPER, LOWER, "") + "|\\p{N}" + CASED_REST;
    private static final String NOT_HAN = "&&[^\\p{Han}]]";
    private static final String KIMI = "[\\p{Han}]+|"
            + cased(UPPER.replace("]", NOT_HAN), LOWER.replace("]", NOT_HAN), CONTRACTION + "?")
            + "|\\p{N}{1,3}" + REST;
    private static final String JAIS2 = LED + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
            + "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)"
            + "|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}";
    private static final String BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";
    private static final String DEEPSEEK_WORDS =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                    + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String KANA_HAN = "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+";
    private static final String CJK = "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+";

    /** Cased letters as DeepSeek's file lists them (of an older Unicode, with gaps). */
    private static final String CASED_LETTERS =
            "A-Za-z\\xB5\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u01BA\\u01BC-\\u01BF\\u01C4-\\u0293"
                    + "\\u0295-\\u02AF\\u0370-\\u0373\\u0376\\u0377\\u037B-\\u037D\\u037F\\u0386\\u0388-\\u038A\\u038C\\u038E-\\u03A1"
                    + "\\u03A3-\\u03F5\\u03F7-\\u0481\\u048A-\\u052F\\u0531-\\u0556\\u10A0-\\u10C5\\u13A0-\\u13F5\\u13F8-\\u13FD"
                    + "\\u1C90-\\u1CBA\\u1CBD-\\u1CBF\\u1D00-\\u1D2B\\u1D6B-\\u1D77\\u1D79-\\u1D9A\\u1E00-\\u1F15\\u1F18-\\u1F1D"
                    + "\\u1F20-\\u1F45\\u1F48-\\u1F4D\\u1F50-\\u1F57\\u1F59\\u1F5B\\u1F5D\\u1F5F-\\u1F7D\\u1F80-\\u1FB4"
                    + "\\u1FB6-\\u1FBC\\u1FBE\\u1FC2-\\u1FC4\\u1FC6-\\u1FCC\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC"
                    + "\\u1FF2-\\u1FF4\\u1FF6-\\u1FFC\\u2102\\u2107\\u210A-\\u2113\\u2115\\u2119-\\u211D\\u2124\\u2126\\u2128"
                    + "\\u212A-\\u212D\\u212F-\\u2134\\u2139\\u213C-\\u213F\\u2145-\\u2149\\u214E\\u2183\\u2184\\u2C00-\\u2C7B"
                    + "\\u2C7E-\\u2CE4\\u2CEB-\\u2CEE\\u2CF2\\u2CF3\\uA640-\\uA66D\\uA680-\\uA69B\\uA722-\\uA76F\\uA771-\\uA787"
                    + "\\uA78B-\\uA78E\\uAB70-\\uABBF\\uFB00-\\uFB06\\uFB13-\\uFB17\\uFF21-\\uFF3A\\uFF41-\\uFF5A"
                    + "\\x{10400}-\\x{1044F}\\x{104B0}-\\x{104D3}\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}"
                    + "\\x{118A0}-\\x{118DF}\\x{1E900}-\\x{1E943}";

    private static final List<String> WRITTEN = List.of(
            "llama-bpe",
            "qwen2",
            "gpt-2",
            "dbrx",
            "tekken",
            "gpt-4o",
            "starcoder",
            "deepseek-v3",
            "deepseek-coder",
            "deepseek-llm",
            "qwen35",
            "falcon",
            "bloom",
            "seed-coder",
            "bailingmoe");

    private static String cased(String upper, String lower, String end) {
        String lead = "[^\\r\\n\\p{L}\\p{N}]?";
        return lead + upper + "*" + lower + "+" + end + "|" + lead + upper + "+" + lower + "*" + end;
    }

    private static GgufPre cuts(String... patterns) {
        return new GgufPre(List.of(patterns), false, false);
    }

    private static GgufPre whole(boolean addBos, String... patterns) {
        return new GgufPre(List.of(patterns), true, addBos);
    }

    /** What files without a name get, and names nobody knows. */
    static GgufPre fallback() {
        return cuts("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]");
    }

    /** A name for these cuts, if there is one. Of the many names of some, one that llama.cpp has known for long. */
    static Optional<String> nameOf(List<String> patterns, boolean wholeWords) {
        return WRITTEN.stream()
                .filter(name -> named(name)
                        .filter(pre -> pre.patterns.equals(patterns) && pre.wholeWords == wholeWords)
                        .isPresent())
                .findFirst();
    }

    static Optional<GgufPre> named(String name) {
        return Optional.ofNullable(
                switch (name) {
                    case "default" -> fallback();
                    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2" ->
                        whole(true, LLAMA3);
                    case "jina-v5-nano" -> whole(true, LLAMA3);
                    case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" -> cuts(LLAMA3);
                    case "jais-2" -> cuts(JAIS2);
                    case "deepseek-llm" ->
                        cuts(
                                "[\\r\\n]",
                                "\\s?[" + CASED_LETTERS + "]+",
                                "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+",
                                "\\s+$",
                                CJK,
                                "\\p{N}+");
                    case "deepseek-coder" -> cuts("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}");
                    case "deepseek-v3", "hunyuan-dense", "joyai-llm" -> cuts("\\p{N}{1,3}", KANA_HAN, DEEPSEEK_WORDS);
                    case "youtu" ->
                        whole(
                                false,
                                "[\\uAC00-\\uD7A3\\u3131-\\u318E]+|[！…“”‘’—：；，、\\u3001-\\u303F\\uFE30-\\uFE4F]+"
                                        + "|[\\u3105-\\u312F]+|" + KANA_HAN,
                                cased(UPPER, LOWER, CONTRACTION + "?") + "|\\p{N}" + CASED_REST);
                    case "falcon" -> cuts("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]");
                    case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b" ->
                        cuts("\\p{N}", GPT2);
                    case "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4" ->
                        cuts(GPT2);
                    case "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum" ->
                        cuts(GPT2);
                    case "modern-bert", "jina-v1-en", "jina-v2-code", "roberta-bpe" -> cuts(GPT2);
                    case "qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez", "kormo", "f2llmv2" ->
                        cuts(QWEN2);
                    case "grok-2", "solar-open" -> cuts(QWEN2);
                    case "qwen35" -> cuts(QWEN35);
                    case "poro-chat", "poro", "bloom", "gpt3-finnish" -> cuts(BLOOM);
                    case "viking" -> cuts(BLOOM, "\\p{N}");
                    case "tekken" -> whole(true, TEKKEN);
                    case "chameleon" ->
                        new GgufPre(
                                List.of(
                                        "<sentinel:[0-9]+>",
                                        "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                                        "([\\t\\n]|    |  )",
                                        "\\p{N}",
                                        "[\\p{P}!-/:-@\\[-`{-~]",
                                        GPT2),
                                false,
                                true);
                    case "gpt-4o", "llama4", "kanana2", "minimax-m2" -> cuts(GPT4O);
                    case "tiny_aya" -> cuts("\\d{1,3}(?=(?:\\d{3})*\\b)", GPT4O);
                    case "kimi-k2" -> cuts(KIMI);
                    case "superbpe" -> cuts("\\p{N}+", "(?=(\\d{3})+(?!\\d))");
                    case "bailingmoe", "bailingmoe2", "llada-moe" ->
                        cuts("'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                                + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
                    case "seed-coder" ->
                        cuts(LED + "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
                    case "afmoe" ->
                        cuts(
                                "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))",
                                "[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\uF900-\\uFAFF\\u3040-\\u309F\\u30A0-\\u30FF\\uFF65-\\uFF9F"
                                        + "\\u2F00-\\u2FDF\\u0E00-\\u0E7F\\u0E80-\\u0EFF\\u1780-\\u17FF\\u1000-\\u109F"
                                        + "\\uAA60-\\uAA7F\\uA9E0-\\uA9FF\\uAC00-\\uD7AF\\u1100-\\u11FF]+",
                                DEEPSEEK_WORDS);
                    case "exaone-moe" ->
                        cuts(CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
                                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
                    default -> null;
                });
    }
}
