package tokamak.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ArgumentTypesTest {
    private static final Set<String> ALL =
            Set.of("string", "fraction", "integer", "boolean", "null", "object", "array");

    private static Set<String> kinds(Map<String, ?> definition) {
        return new ArgumentTypes(Map.of("$defs", Map.of("n", definition))).of(Map.of("$ref", "#/$defs/n"));
    }

    @Test
    void referencesAreFollowed() {
        assertThat(kinds(Map.of("type", List.of("integer", "null")))).containsExactlyInAnyOrder("integer", "null");
        assertThat(kinds(Map.of("type", "string", "allOf", List.of(Map.of("$ref", "#/%24defs/n")))))
                .containsExactly("string");
    }

    @Test
    @Timeout(20)
    void manyReferencesToItselfDoNotMultiply() {
        Map<String, ?> itself = Map.of("$ref", "#/$defs/n");
        assertThat(kinds(Map.of("anyOf", Collections.nCopies(100, itself)))).isEqualTo(ALL);
    }

    @Test
    void whatCanNotBeFoundMayBeAnything() {
        assertThat(new ArgumentTypes(Map.of()).of(Map.of("$ref", "#/$defs/n"))).isEqualTo(ALL);
        assertThat(new ArgumentTypes(Map.of()).of(Map.of("$ref", "#/%zz"))).isEqualTo(ALL);
        assertThat(new ArgumentTypes(Map.of()).of(Map.of("$ref", "https://example.org/x")))
                .isEqualTo(ALL);
    }
}
