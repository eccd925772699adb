package tokamak.grammar;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tokamak.api.Guide;
import tokamak.file.Checkpoint;
import tokamak.text.Tokenizer;
import tokamak.text.Vocabulary;

/** By hand: how long schemas that are meant to be too much take until they work or are refused. */
final class HostileSchemaTimes {
    private HostileSchemaTimes() {}

    private static String join(int count, java.util.function.IntFunction<String> part) {
        return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining(","));
    }

    static Map<String, String> schemas() {
        Map<String, String> schemas = new LinkedHashMap<>();
        schemas.put("enum of 10,000", "{\"enum\":[" + join(10_000, i -> "\"value " + i * 7919L + "\"") + "]}");
        schemas.put("enum of 100,000", "{\"enum\":[" + join(100_000, i -> "\"v" + i * 7919L + "\"") + "]}");
        schemas.put("enum of 10,000 numbers", "{\"enum\":[" + join(10_000, i -> "" + i * 7919L) + "]}");
        schemas.put("enum of 10,000 objects", "{\"enum\":[" + join(10_000, i -> "{\"a\":" + i + "}") + "]}");
        schemas.put(
                "enum of 10,000 in a property of a property",
                "{\"type\":\"object\",\"properties\":{\"p\":{\"properties\":{\"q\":{\"enum\":["
                        + join(10_000, i -> "\"value " + i * 7919L + "\"") + "]}}}}}");
        schemas.put("anyOf of 10,000 const", "{\"anyOf\":[" + join(10_000, i -> "{\"const\":\"c" + i + "\"}") + "]}");
        schemas.put("oneOf of 10,000 const", "{\"oneOf\":[" + join(10_000, i -> "{\"const\":\"c" + i + "\"}") + "]}");
        schemas.put(
                "anyOf of 10,000 objects",
                "{\"anyOf\":["
                        + join(
                                10_000,
                                i -> "{\"type\":\"object\",\"properties\":{\"k" + i
                                        + "\":{\"type\":\"integer\"}},\"required\":[\"k" + i + "\"]}")
                        + "]}");
        schemas.put(
                "oneOf of 300 objects",
                "{\"oneOf\":["
                        + join(300, i -> "{\"type\":\"object\",\"properties\":{\"k" + i + "\":{\"type\":\"integer\"}}}")
                        + "]}");
        schemas.put(
                "oneOf of 10,000 objects",
                "{\"oneOf\":["
                        + join(
                                10_000,
                                i -> "{\"type\":\"object\",\"properties\":{\"k" + i + "\":{\"type\":\"integer\"}}}")
                        + "]}");
        schemas.put(
                "1 MB of properties",
                "{\"type\":\"object\",\"properties\":{"
                        + join(17_000, i -> "\"property " + i + "\":{\"type\":\"string\",\"maxLength\":10}") + "}}");
        schemas.put(
                "1 MB of required properties, closed",
                "{\"type\":\"object\",\"properties\":{"
                        + join(14_000, i -> "\"property " + i + "\":{\"type\":\"string\",\"maxLength\":10}")
                        + "},\"required\":["
                        + join(14_000, i -> "\"property " + i + "\"") + "],\"additionalProperties\":false}");
        schemas.put("4 MB of text", "{\"description\":\"" + "x".repeat(4_000_000) + "\"}");
        schemas.put("5 MB", "{\"description\":\"" + "x".repeat(5_000_000) + "\"}");
        schemas.put(
                "5,000 properties and schemas for others",
                "{\"type\":\"object\",\"properties\":{" + join(5_000, i -> "\"p" + i + "\":{}")
                        + "},\"additionalProperties\":{\"type\":\"integer\"}}");
        schemas.put("nested 60", "{\"properties\":{\"a\":".repeat(60) + "{}" + "}}".repeat(60));
        schemas.put("nested 5,000", "{\"properties\":{\"a\":".repeat(5_000) + "{}" + "}}".repeat(5_000));
        schemas.put("nested allOf 300", "{\"allOf\":[".repeat(300) + "{}" + "]}".repeat(300));
        schemas.put("nested not 300", "{\"not\":".repeat(300) + "{}" + "}".repeat(300));
        schemas.put("$ref to itself", "{\"$ref\":\"#\"}");
        schemas.put(
                "$ref in a circle",
                "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}}}");
        schemas.put("$ref in a circle under anyOf", "{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}");
        schemas.put("not of itself", "{\"not\":{\"$ref\":\"#\"}}");
        schemas.put(
                "chain of 10,000 $ref",
                "{\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                        + join(10_000, i -> "\"d" + i + "\":{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}")
                        + ",\"d10000\":{\"type\":\"null\"}}}");
        schemas.put(
                "binary tree of $ref, depth 40",
                "{\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                        + join(
                                40,
                                i -> "\"d" + i + "\":{\"type\":\"array\",\"prefixItems\":[{\"$ref\":\"#/$defs/d"
                                        + (i + 1) + "\"},{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}],\"minItems\":2}")
                        + ",\"d40\":{\"type\":\"null\"}}}");
        schemas.put(
                "anyOf doubling 40 times",
                "{\"$ref\":\"#/$defs/d0\",\"$defs\":{"
                        + join(
                                40,
                                i -> "\"d" + i + "\":{\"anyOf\":[{\"$ref\":\"#/$defs/d" + (i + 1)
                                        + "\"},{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}]}")
                        + ",\"d40\":{\"type\":\"null\"}}}");
        schemas.put(
                "2^30 combinations",
                "{\"allOf\":["
                        + join(30, i -> "{\"anyOf\":[{\"required\":[\"a" + i + "\"]},{\"required\":[\"b" + i + "\"]}]}")
                        + "]}");
        schemas.put("$ref to nowhere", "{\"$ref\":\"#/$defs/x\"}");
        schemas.put("$ref outside", "{\"$ref\":\"http://example.com/x.json\"}");
        schemas.put("$ref with a bad escape", "{\"$ref\":\"#/%zz/~5\"}");
        schemas.put("$ref is a number", "{\"$ref\":5}");
        schemas.put("minItems 1,000,000,000", "{\"type\":\"array\",\"minItems\":1000000000}");
        schemas.put(
                "minItems 50,000 of objects",
                "{\"type\":\"array\",\"minItems\":50000,\"items\":{\"properties\":{\"a\":{},\"b\":{}}}}");
        schemas.put("maxItems 50,000", "{\"type\":\"array\",\"maxItems\":50000}");
        schemas.put(
                "maxItems of maxItems",
                "{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":\"array\",\"maxItems\":1000}}}");
        schemas.put("minLength 1,000,000,000", "{\"type\":\"string\",\"minLength\":1000000000}");
        schemas.put("maxLength 1,000,000,000", "{\"type\":\"string\",\"maxLength\":1000000000}");
        schemas.put(
                "maxLength 100,000 with a pattern",
                "{\"type\":\"string\",\"maxLength\":100000,\"pattern\":\"^(a|b)*a(a|b){12}$\"}");
        schemas.put("minProperties 1,000,000", "{\"type\":\"object\",\"minProperties\":1000000}");
        schemas.put("maxProperties 50,000", "{\"type\":\"object\",\"maxProperties\":50000}");
        schemas.put(
                "minProperties 20 of 40",
                "{\"type\":\"object\",\"properties\":{" + join(40, i -> "\"p" + i + "\":{}")
                        + "},\"minProperties\":20,\"additionalProperties\":false}");
        schemas.put(
                "uniqueItems of 1,000 values",
                "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"enum\":[" + join(1_000, i -> "" + i) + "]}}");
        schemas.put(
                "uniqueItems of 12 values",
                "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"enum\":[" + join(12, i -> "" + i) + "]}}");
        schemas.put(
                "contains of maxContains 1,000",
                "{\"type\":\"array\",\"contains\":{\"type\":\"integer\"},\"minContains\":500,\"maxContains\":1000}");
        schemas.put("200 patternProperties", "{\"patternProperties\":{" + join(200, i -> "\"^p" + i + "\":{}") + "}}");
        schemas.put(
                "8 patternProperties",
                "{\"patternProperties\":{" + join(8, i -> "\"a.*" + i + ".*b\":{\"minimum\":" + i + "}") + "}}");
        schemas.put("pattern (a+)+b", "{\"type\":\"string\",\"pattern\":\"^(a+)+b$\"}");
        schemas.put("pattern (a|b)*a(a|b){20}", "{\"type\":\"string\",\"pattern\":\"(a|b)*a(a|b){20}c\"}");
        schemas.put("pattern (.*a){50}", "{\"type\":\"string\",\"pattern\":\"(.*a){50}\"}");
        schemas.put(
                "allOf of 50 patterns",
                "{\"type\":\"string\",\"allOf\":[" + join(50, i -> "{\"pattern\":\"x" + i + "y\"}") + "]}");
        schemas.put("not a number with many digits", "{\"multipleOf\":0.000000000000000000000000000001}");
        schemas.put("minimum 1e400", "{\"minimum\":1e400}");
        schemas.put("minimum 1e999999999", "{\"minimum\":1e999999999}");
        schemas.put(
                "a range of huge numbers",
                "{\"type\":\"integer\",\"minimum\":-123456789012345678901234567890,\"maximum\":987654321098765432109876543210}");
        schemas.put("multipleOf 999,983", "{\"type\":\"integer\",\"multipleOf\":999983}");
        schemas.put(
                "multipleOf 7 and 11 and 13 and 17",
                "{\"type\":\"integer\",\"allOf\":["
                        + join(4, i -> "{\"multipleOf\":" + new int[] {997, 991, 983, 977}[i] + "}") + "]}");
        schemas.put("const of 1 MB", "{\"const\":\"" + "y".repeat(1_000_000) + "\"}");
        schemas.put(
                "if of if of if",
                "{\"if\":{\"required\":[\"a\"]},\"then\":".repeat(30) + "{}"
                        + ",\"else\":{\"required\":[\"z\"]}}".repeat(30));
        schemas.put(
                "dependentRequired of 30",
                "{\"dependentRequired\":{" + join(30, i -> "\"a" + i + "\":[\"b" + i + "\"]") + "}}");
        schemas.put("not JSON", "{\"type\":");
        schemas.put("duplicate names", "{\"type\":\"string\",\"type\":\"number\"}");
        return schemas;
    }

    public static void main(String[] args) throws Exception {
        Tokenizer tokenizer;
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]))) {
            tokenizer = Tokenizer.of(checkpoint);
        }
        Vocabulary vocabulary = tokenizer.vocabulary();
        for (int round = 0; round < 2; round++) {
            GrammarCompiler compiler = new GrammarCompiler(vocabulary, vocabulary.size(), tokenizer::encodeLiterally);
            int[] stops =
                    tokenizer.endIds().stream().mapToInt(Integer::intValue).toArray();
            System.out.println(round == 0 ? "cold" : "warm");
            schemas().forEach((name, schema) -> time(compiler, vocabulary.size(), stops, name, schema));
        }
    }

    private static void time(GrammarCompiler compiler, int numTokens, int[] stops, String name, String schema) {
        long start = now();
        double slowest = 0;
        double compiled = 0;
        String outcome;
        try {
            Matcher matcher =
                    compiler.compile(new Guide.JsonSchema(schema, true)).matcher(stops);
            compiled = (now() - start) / 1e6;
            SplittableRandom random = new SplittableRandom(1);
            int steps = 0;
            for (; steps < 100 && !matcher.isFinished() && !matcher.isComplete(); steps++) {
                long step = now();
                int token = random.nextInt(numTokens);
                for (int i = 0; i < numTokens && !matcher.allows(token); i++) {
                    token = (token + 1) % numTokens;
                }
                matcher.accept(token);
                slowest = Math.max(slowest, (now() - step) / 1e6);
            }
            outcome = "works, " + steps + " steps, slowest %.1f ms".formatted(slowest);
        } catch (GrammarException e) {
            compiled = (now() - start) / 1e6;
            String message = e.getMessage();
            outcome = "refused: " + message.substring(0, Math.min(130, message.length()));
        }
        System.out.printf(
                Locale.ROOT, "%s %8.1f ms: %s: %s%n", compiled > 200 ? "SLOW" : "    ", compiled, name, outcome);
    }

    /** Processor time of this thread: others on the machine do not count. */
    private static long now() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
