package tokamak.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Random schemas, random texts that they allow, and texts that differ a little: an independent validator must agree. */
class SchemaWalkTest {
    private static final int NUM_SCHEMAS = Integer.getInteger("schemas", 400);
    private static final int NUM_WALKS = 4;
    private static final int NUM_MUTATIONS = 6;
    private static final Pattern TOO_MANY_DIGITS = Pattern.compile("\\.\\d{65}|\\d{301}");

    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            builder -> builder.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

    @Test
    void textsOfRandomWalksAreValidAndChangedOnesAreJudgedAlike() {
        SplittableRandom seeds = new SplittableRandom(Long.getLong("seed", 20));
        List<String> wrong = new ArrayList<>();
        int numCompiled = 0;
        int numTexts = 0;
        for (int i = 0; i < NUM_SCHEMAS; i++) {
            SplittableRandom random = seeds.split();
            RandomSchemas source = new RandomSchemas(random);
            JsonNode schema = source.document();
            SchemaTexts texts;
            try {
                texts = SchemaTexts.of(schema);
            } catch (GrammarException e) {
                assertThat(e.getMessage()).containsAnyOf("is not supported", "contradicts itself", "combinations");
                continue;
            }
            if (!texts.rules.warnings().isEmpty()) {
                continue; // "oneOf" followed as "anyOf" is not exact
            }
            numCompiled++;
            Schema validator = registry.getSchema(schema);
            for (int walk = 0; walk < NUM_WALKS; walk++) {
                String text;
                try {
                    text = new RandomWalk(texts.graph, random).text();
                } catch (GrammarException e) {
                    wrong.add("\n" + schema + "\n    " + e.getMessage());
                    break;
                }
                if (text.isEmpty() || repeatsKeys(text)) {
                    continue;
                }
                numTexts++;
                check(schema, text, true, validator, wrong);
                JsonNode value = JsonValues.parse(text);
                for (int m = 0; m < NUM_MUTATIONS; m++) {
                    value = source.mutated(value);
                    String changed = JsonSpellings.of(value).get(m % 4);
                    if (TOO_MANY_DIGITS.matcher(changed).find()) {
                        continue; // never written, though valid
                    }
                    check(schema, changed, texts.accepts(changed), validator, wrong);
                }
            }
        }
        System.out.println(numCompiled + " schemas, " + numTexts + " walks, " + wrong.size() + " wrong");
        assertThat(wrong).isEmpty();
        assertThat(numCompiled).isGreaterThan(NUM_SCHEMAS / 2);
        assertThat(numTexts).isGreaterThan(numCompiled);
    }

    /** A grammar can't count how often a free key has come; readers take the last. */
    private static boolean repeatsKeys(String text) {
        try {
            JsonValues.parse(text);
            return false;
        } catch (GrammarException e) {
            assertThat(e).hasMessageContaining("Duplicate property");
            return true;
        }
    }

    private static void check(JsonNode schema, String text, boolean accepted, Schema validator, List<String> wrong) {
        var errors = validator.validate(text, InputFormat.JSON);
        if (errors.isEmpty() != accepted) {
            wrong.add("\n" + schema + "\n    " + text + "\n    accepted here: " + accepted + ", elsewhere: " + errors);
        }
    }
}
