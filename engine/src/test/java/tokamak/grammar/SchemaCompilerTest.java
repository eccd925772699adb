package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schemas as users write them, what is not supported, and what is hostile. */
class SchemaCompilerTest {
    private static final String PYDANTIC = """
            {"$defs": {"Kind": {"enum": ["a", "b"], "title": "Kind", "type": "string"},
              "Node": {"properties": {"value": {"title": "Value", "type": "integer"},
                  "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}], "default": null}},
                "required": ["value"], "title": "Node", "type": "object", "additionalProperties": false}},
             "properties": {"name": {"description": "who", "maxLength": 8, "title": "Name", "type": "string"},
               "kind": {"$ref": "#/$defs/Kind", "default": "a"},
               "tags": {"items": {"type": "string"}, "type": "array", "maxItems": 2},
               "tree": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
             "required": ["name", "tree"], "title": "M", "type": "object", "additionalProperties": false}
            """;

    private static void assertAll(String schema, boolean accepted, String... instances) {
        SchemaTexts texts = SchemaTexts.of(schema);
        for (String instance : instances) {
            assertThat(texts.accepts(instance)).as(instance).isEqualTo(accepted);
        }
    }

    private static String numbered(int count, String format, String separator) {
        return IntStream.range(0, count).mapToObj(format::formatted).collect(Collectors.joining(separator));
    }

    @Test
    void schemasOfPydanticWork() {
        assertAll(
                PYDANTIC,
                true,
                "{\"name\":\"A\",\"tree\":null}",
                "{\"name\": \"A\", \"kind\": \"b\", \"tags\": [\"x\", \"y\"], \"tree\": {\"value\": 1, \"next\": {\"value\": -2}}}",
                "{\n  \"name\": \"\\u00e9\",\n  \"tree\": {\n    \"value\": 0\n  }\n}");
        assertAll(
                PYDANTIC,
                false,
                "{\"name\":\"A\"}",
                "{\"name\":\"123456789\",\"tree\":null}",
                "{\"name\":\"A\",\"kind\":\"c\",\"tree\":null}",
                "{\"name\":\"A\",\"tree\":{\"value\":1.5}}",
                "{\"name\":\"A\",\"tree\":null,\"more\":1}");
    }

    @Test
    void propertiesComeAsWrittenAndOthersAnywhere() {
        String schema =
                "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"integer\"},\"a\":{}},\"required\":[\"a\"]}";
        assertAll(schema, true, "{\"b\":1,\"a\":2}", "{\"x\":0,\"b\":1,\"y\":0,\"a\":2,\"z\":0}", "{\"a\":2}");
        assertAll(schema, false, "{\"a\":2,\"b\":1}", "{\"b\":1}", "{\"b\":1.5,\"a\":1}", "{\"b\":1,\"b\":1,\"a\":1}");
        SchemaTexts any = SchemaTexts.of(JsonValues.parse(schema), SchemaMode.STRICT, SchemaOrder.ANY);
        assertThat(any.accepts("{\"a\":2,\"b\":1}")).isTrue();
        assertThat(any.accepts("{\"a\":2,\"b\":1,\"a\":2}")).isFalse();
    }

    @Test
    void whiteSpaceIsBounded() {
        assertAll("true", true, "[\n\t1,\n\t2 ]", "{ \"a\" : 1 }", "[" + "\n" + " ".repeat(40) + "]");
        assertAll("true", false, "[  1]", "[\n\n1]", "[\n" + " ".repeat(41) + "1]", " 1", "{\"a\":  1}");
    }

    @Test
    void numbersAreExactInPlainAndScientificNotation() {
        String schema = "{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":20.25}";
        assertAll(schema, true, "-1.5", "-1.50", "0", "-0.0", "20.2499", "1e-5", "2.02e1", "9", "-1.5e0");
        assertAll(schema, false, "-1.51", "20.25", "20.250", "1e2", "-2e0", "2.03e1", "100", "01", "1.", ".5");
        assertAll("{\"type\":\"integer\",\"minimum\":7,\"maximum\":1234}", true, "7", "1234", "999", "8.0");
        assertAll("{\"type\":\"integer\",\"minimum\":7,\"maximum\":1234}", false, "6", "1235", "-7", "7.5", "007");
        assertAll("{\"type\":\"integer\",\"multipleOf\":7}", true, "0", "-14", "70000000000000000000000");
        assertAll("{\"type\":\"number\",\"multipleOf\":0.01}", false, "0.001", "12.345");
    }

    @ParameterizedTest
    @CsvSource({
        "int32, -2147483648, 2147483648",
        "int64, 9223372036854775807, -9223372036854775809",
        "uint8, 255, -1",
        "uint, 18446744073709551615, 18446744073709551616",
    })
    void widthsOfIntegersAreRanges(String format, String valid, String invalid) {
        String schema = "{\"type\":\"integer\",\"format\":\"" + format + "\"}";
        assertAll(schema, true, valid, "0");
        assertAll(schema, false, invalid, "0.5", "\"0\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"float", "double", "password", "binary", "path"})
    void formatsThatSayWhatAValueIsForAllowAll(String format) {
        assertAll("{\"format\":\"" + format + "\"}", true, "1.5e300", "\"any text\"");
    }

    @ParameterizedTest
    @CsvSource({
        "date, 2024-02-29, 2023-02-29",
        "date-time, 2024-12-31T23:59:59.5+01:00, 2024-12-31 23:59:59",
        "time, 10:00:00Z, 24:00:00Z",
        "email, joe.bloggs@example.com, joe@bloggs@example.com",
        "uuid, 123e4567-e89b-12d3-a456-426614174000, 123e4567e89b12d3a456426614174000",
        "uuid4, 123e4567-e89b-42d3-a456-426614174000, 123e4567-e89b-12d3-a456-426614174000",
        "byte, aGk=, aGk",
        "base64url, a-_9, a+",
        "ipv4, 192.168.0.1, 256.0.0.1",
        "ipv6, 1::8:9, 1::2::3",
        "hostname, a-b.example, -a.example",
        "uri, https://a.b/c?d=e#f, //a.b/c",
        "duration, P1DT2H, P1D2H"
    })
    void formatsAreAssertions(String format, String good, String bad) {
        String schema = "{\"type\":\"string\",\"format\":\"" + format + "\"}";
        assertAll(schema, true, '"' + good + '"');
        assertAll(schema, false, '"' + bad + '"');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'properties':{'a':{'uniqueItems':true}}} | uniqueItems | #/properties/a",
                "{'allOf':[{'format':'nope'}]} | format | #/allOf/0",
                "{'items':{'minLenght':1}} | minLenght | #/items",
                "{'$ref':'https://example.com/x'} | $ref | #",
                "{'$defs':{'a/b':{'pattern':'(?<=a)b'}},'$ref':'#/$defs/a~1b'} | pattern | #/$defs/a~1b",
                "{'not':{'propertyNames':{'maxLength':1}}} | not | #"
            })
    void whatIsNotSupportedIsNamed(String schema, String keyword, String path) {
        assertThatThrownBy(() -> SchemaTexts.of(schema.replace('\'', '"')))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("\"" + keyword + "\" at " + path)
                .hasMessageContaining("is not supported");
        if (!keyword.equals("$ref")) {
            SchemaTexts lenient = SchemaTexts.of(
                    JsonValues.parse(schema.replace('\'', '"')), SchemaMode.LENIENT, SchemaOrder.AS_WRITTEN);
            assertThat(lenient.rules.warnings()).singleElement().asString().contains(keyword);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'type':'strin'} | there is no type",
                "{'properties':[]} | an object is expected",
                "{'$ref':'#/$defs/none'} | is nowhere in this schema",
                "{'minLength':-1} | a whole number from 0 up",
                "{'type':'string','enum':[1]} | contradicts itself",
                "[] | an object, true or false is expected",
                "{'type': | not valid JSON"
            })
    void whatIsNotValidIsSaid(String schema, String message) {
        assertThatThrownBy(() -> SchemaTexts.of(schema.replace('\'', '"')))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    @Test
    void oneOfIsExactWhereItsBranchesCanBeToldApartAndWarnsWhereNot() {
        assertAll("{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":2}]}", true, "1", "2.5", "\"x\"");
        assertAll("{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":2}]}", false, "3", "1.5");
        String open = "{\"patternProperties\":{\"^a\":{\"type\":\"%s\"}}}";
        SchemaTexts texts =
                SchemaTexts.of("{\"oneOf\":[" + open.formatted("string") + "," + open.formatted("null") + "]}");
        assertThat(texts.rules.warnings()).singleElement().asString().contains("\"oneOf\" at #", "anyOf");
    }

    @Test
    void hugeSchemasWork() {
        String values = numbered(10_000, "\"value %d\"", ",");
        assertAll("{\"enum\":[" + values + "]}", true, "\"value 0\"", "\"value 9999\"");
        assertAll("{\"enum\":[" + values + "]}", false, "\"value 10000\"", "\"value\"");
        String constants = "{\"oneOf\":[" + numbered(10_000, "{\"const\":\"value %d\"}", ",") + "]}";
        assertAll(constants, true, "\"value 77\"");
        String tagged = numbered(
                1_000, "{\"type\":\"object\",\"properties\":{\"k\":{\"const\":%d}},\"required\":[\"k\"]}", ",");
        SchemaTexts texts = SchemaTexts.of("{\"oneOf\":[" + tagged + "]}");
        assertThat(texts.accepts("{\"k\":999}")).isTrue();
        assertThat(texts.rules.warnings()).isEmpty();
        String properties = numbered(17_000, "\"a property with the number %d\":{\"type\":\"string\"}", ",");
        String megabyte = "{\"type\":\"object\",\"properties\":{" + properties + "}}";
        assertThat(megabyte.length()).isGreaterThan(850_000);
        assertAll(
                megabyte, true, "{\"a property with the number 5\":\"x\",\"a property with the number 16999\":\"y\"}");
        assertAll(megabyte, false, "{\"a property with the number 5\":1}");
    }

    @Test
    void deepSchemasWorkOrAreRefused() {
        String chain = "{\"$ref\":\"#/$defs/a0\",\"$defs\":{"
                + numbered(5_000, "\"a%d\":{\"properties\":{\"p\":{\"$ref\":\"#/$defs/a%<d\"}}}", ",") + "}}";
        assertAll(chain, true, "{\"p\":{\"p\":{}}}", "1");
        assertAll("{\"$ref\":\"#\"}", true, "1");
        String deep = "{\"items\":".repeat(20_000) + "true" + "}".repeat(20_000);
        assertThatThrownBy(() -> SchemaTexts.of(deep)).isInstanceOf(GrammarException.class);
        String product = "{\"allOf\":["
                + numbered(30, "{\"anyOf\":[{\"required\":[\"a%d\"]},{\"required\":[\"b%<d\"]}]}", ",") + "]}";
        assertThatThrownBy(() -> SchemaTexts.of(product)).hasMessageContaining("combinations");
    }
}
