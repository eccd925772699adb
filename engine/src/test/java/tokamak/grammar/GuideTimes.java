package tokamak.grammar;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import tokamak.api.Guide;
import tokamak.file.Checkpoint;
import tokamak.text.Tokenizer;
import tokamak.text.Vocabulary;

/** Run by hand: what guides cost with a real vocabulary. Arguments: a folder with a tokenizer, and how often to follow each guide. */
final class GuideTimes {
    private static final String PERSON = """
            {"type":"object","properties":{"name":{"type":"string","maxLength":40},"age":{"type":"integer","minimum":0,"maximum":150},
            "email":{"type":"string"},"tags":{"type":"array","items":{"type":"string","enum":["a","b","long tag"]},"maxItems":5},
            "address":{"type":"object","properties":{"street":{"type":"string"},"zip":{"type":"string","pattern":"^[0-9]{5}$"}},
            "required":["street","zip"],"additionalProperties":false}},"required":["name","age","address"],"additionalProperties":false}
            """;
    private static final String TREE = """
            {"$defs":{"node":{"type":"object","properties":{"value":{"type":"number"},"label":{"type":"string"},
            "children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["value","children"],"additionalProperties":false}},
            "$ref":"#/$defs/node"}
            """;

    private GuideTimes() {}

    public static void main(String[] args) throws Exception {
        Tokenizer tokenizer;
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]))) {
            tokenizer = Tokenizer.of(checkpoint);
        }
        Vocabulary vocabulary = tokenizer.vocabulary();
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 20;
        long began = now();
        GrammarCompiler compiler = new GrammarCompiler(vocabulary, vocabulary.size(), tokenizer::encodeLiterally);
        System.out.printf(Locale.ROOT, "%d tokens, vocabulary ready in %.1f ms%n", vocabulary.size(), millis(began));
        List<Integer> stops = new ArrayList<>(tokenizer.endIds());
        int[] stopIds = stops.stream().mapToInt(Integer::intValue).toArray();
        System.out.println(
                "guide               first    compile     mask p50      p99      max   accept p50      p99      max  tokens"
                        + "   (first and compile in ms, others in us)");
        for (int pass = 0; pass < 2; pass++) {
            System.out.println(pass == 0 ? "cold" : "warm");
            GrammarCompiler fresh = new GrammarCompiler(vocabulary, vocabulary.size(), tokenizer::encodeLiterally);
            guides().forEach((name, guide) -> measure(name, guide, fresh, vocabulary, stopIds, rounds));
        }
    }

    /** Processor time of this thread: others on the machine do not count. */
    private static long now() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static double millis(long began) {
        return (now() - began) / 1e6;
    }

    private static Map<String, Guide> guides() {
        Map<String, Guide> guides = new LinkedHashMap<>();
        guides.put("json object", new Guide.JsonObject());
        guides.put("person schema", new Guide.JsonSchema(PERSON, true));
        guides.put("recursive schema", new Guide.JsonSchema(TREE, true));
        guides.put("date", new Guide.Regex("[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]"));
        guides.put("words", new Guide.Regex("\\p{L}+( \\p{L}+){0,20}\\."));
        guides.put("lower case", new Guide.Regex("[a-z]{1,200}"));
        guides.put("any characters", new Guide.Regex("[\\s\\S]{0,500}"));
        guides.put("choice of 3", new Guide.Choice(List.of("positive", "negative", "neutral")));
        List<String> many = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 10_000; i++) {
            many.add("option " + Long.toString(random.nextLong() >>> 20, 36));
        }
        guides.put("choice of 10,000", new Guide.Choice(many));
        guides.put(
                "arithmetic",
                new Guide.Grammar(
                        "root ::= (expr \"=\" ws term \"\\n\")+\nexpr ::= term ([-+*/] term)*\n"
                                + "term ::= ident | num | \"(\" ws expr \")\" ws\nident ::= [a-z] [a-z0-9_]* ws\nnum ::= [0-9]+ ws\nws ::= [ \\t\\n]*"));
        Guide call = new Guide.Tagged(
                List.of(new Guide.Tag(
                        "<tool_call>\n{\"name\": \"person\", \"arguments\": ",
                        new Guide.JsonSchema(PERSON, true),
                        "}\n</tool_call>")),
                List.of("<tool_call>"),
                false,
                false,
                false);
        guides.put("tool calls", call);
        guides.put("thinking, then tools", Guide.afterReasoning("</think>", OptionalInt.of(30), call));
        return guides;
    }

    private static void measure(
            String name, Guide guide, GrammarCompiler compiler, Vocabulary vocabulary, int[] stopIds, int rounds) {
        try {
            long began = now();
            Grammar grammar = compiler.compile(guide);
            double first = millis(began);
            double compile = 1e9;
            for (int i = 0; i < 5; i++) {
                began = now();
                compiler.compile(Guide.sequence(guide, Guide.literal("" + i)));
                compile = Math.min(compile, millis(began));
            }
            follow(name, grammar, vocabulary, stopIds, rounds, first, compile);
        } catch (GrammarException e) {
            System.out.println(name + ": " + e.getMessage());
        }
    }

    private static void follow(
            String name,
            Grammar grammar,
            Vocabulary vocabulary,
            int[] stopIds,
            int rounds,
            double first,
            double compile) {
        List<Long> masks = new ArrayList<>();
        List<Long> accepts = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(2);
        for (int round = 0; round < rounds; round++) {
            Matcher matcher = grammar.matcher(stopIds);
            for (int step = 0; step < 100 && !matcher.isFinished(); step++) {
                long began = now();
                matcher.prepare();
                masks.add(now() - began);
                int id = random.nextInt(vocabulary.size());
                int tries = 0;
                while (!matcher.allows(id) && tries++ < vocabulary.size()) {
                    id = id + 1 == vocabulary.size() ? 0 : id + 1;
                }
                began = now();
                matcher.accept(id);
                accepts.add(now() - began);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%-20s %6.2f %8.2f   %s   %s  %6d  %.1f MB%n",
                name,
                first,
                compile,
                quantiles(masks),
                quantiles(accepts),
                masks.size(),
                grammar.numBytes() / 1e6);
    }

    private static String quantiles(List<Long> nanos) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "%10.2f %8.1f %8.1f",
                sorted[sorted.length / 2] / 1e3,
                sorted[(int) (sorted.length * 0.99)] / 1e3,
                sorted[sorted.length - 1] / 1e3);
    }
}
