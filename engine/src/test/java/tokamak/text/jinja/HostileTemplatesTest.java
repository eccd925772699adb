package tokamak.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates written to hang, to exhaust the stack or the memory. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileTemplatesTest {
    private static String render(String template) {
        return Template.parse(template, Limits.DEFAULT).render(Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
                "{{ 'x' * 10**9 }}",
                "{{ [1] * 10**9 }}",
                "{{ 'a'.ljust(10**9) }}",
                "{{ '{:>999999999}'.format(1) }}",
                "{{ '%999999999d' % 1 }}",
                "{{ '%.999999999f' % 1.5 }}",
                "{{ 'a' | center(10**9) }}",
                "{{ [1] | tojson(indent=10**9) }}",
                "{{ [1] | batch(10**9, 'x') | list }}",
                "{{ [1] | slice(10**9) | list }}",
                "{{ ('a' * 10**6).replace('a', 'b' * 10**6) }}",
                "{{ ('b' * 10**6).join('a' * 10**6) }}",
                "{{ ('a ' * 10**6) | wordwrap(1) }}",
                "{{ 10 ** 9999 }}",
                "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
                "{% macro m() %}{% call m() %}{{ caller }}{% endcall %}{{ caller }}{% endmacro %}{{ m() }}",
                "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
                "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}",
                "{% set n = namespace(s=[1]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s | tojson }}",
                "{% set n = namespace(s=[1]) %}{% for i in range(9999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }}",
                "{% set n = namespace(s=(1,)) %}{% for i in range(9999) %}{% set n.s = (n.s,) %}{% endfor %}{{ {n.s: 1, (n.s,): 2} }}",
                "{% set n = namespace(s=[1]) %}{% for i in range(9999) %}{% set n.s = n.s | map('string') %}{% endfor %}{{ n.s | list }}",
                "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
                "{% set s = 'x' * 10**6 %}{% for i in range(99999) %}{{ s.find('y') }}{{ s[5] }}{{ s | length }}{% endfor %}",
            })
    void reachALimit(String template) {
        assertThatThrownBy(() -> render(template))
                .isInstanceOfSatisfying(
                        JinjaException.class, e -> assertThat(e.kind()).isEqualTo(JinjaException.Kind.LIMIT))
                .message()
                .doesNotContain("stack");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "[", "{1:", "not ", "-", "1 if 0 else ", "a[", "a(", "1 is in [", "1 + (", "a|f("})
    void deepNestingIsRefusedByTheParser(String opening) {
        assertThatThrownBy(() -> render("{{ " + opening.repeat(80_000)))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("nested deeper");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+1", ".a", "|e", " and 1", "()", "**1", "[0]"})
    void longChainsAreRefusedByTheParser(String link) {
        assertThatThrownBy(() -> render("{{ a" + link.repeat(100_000) + " }}"))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("nested deeper");
    }

    @Test
    void nestedStatementsAreRefusedByTheParser() {
        assertThatThrownBy(() -> render("{% if 1 %}".repeat(50_000)))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("nested deeper");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{", "{%", "{#", "{% raw %}", "{{ '", "{{ '\\\\", "{% raw %}{% ", "{%- ", "#}", "{{ 1_"})
    void brokenTagsInNumbersAreReadInLinearTime(String piece) {
        assertThatCode(() -> Template.parse(piece.repeat(900_000 / piece.length()), Limits.DEFAULT))
                .satisfiesAnyOf(e -> assertThat(e).isNull(), e -> assertThat(e).isInstanceOf(JinjaException.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set q = 'x' * 500000 ~ 'y' %}{% set s = 'x' * 1000000 %}{{ q in s }}{{ s.find(q) }}{{ s.count(q) }}{{ s.rfind(q) }}",
                "{{ ('<' * 1000000) | striptags | length }}",
                "{{ ('<!--' * 100000) | striptags | length }}",
                "{{ ('a' * 1000000) | wordwrap(1000) | length }}",
                "{{ ('9' * 100000) | int }}{{ ('1_' * 100000) | float }}",
                "{{ ('&' * 100000) | e | length }}",
            })
    void worstCasesOfTextWorkStayLinear(String template) {
        assertThat(render(template)).isNotEmpty();
    }

    @Test
    void deepValuesFromOutsideAreRefused() {
        Object value = 1;
        for (int i = 0; i < 100_000; i++) {
            value = Arrays.asList(value);
        }
        Map<String, Object> context = Map.of("x", value);
        Template template = Template.parse("{{ x }}", Limits.DEFAULT);
        assertThatThrownBy(() -> template.render(context)).isInstanceOf(JinjaException.class);
    }

    @Test
    void longConversationsAreNotHostile() {
        String content = "word ".repeat(2_000);
        var messages = java.util.Collections.nCopies(500, Map.of("role", "user", "content", content));
        String template = "{% for m in messages %}{% set c = m.content | trim %}{% if c.startswith('/') %}!{% endif %}"
                + "{{ '<' + m['role'] + '>' + c + '</s>' }}{% endfor %}";
        assertThat(Template.parse(template, Limits.DEFAULT).render(Map.of("messages", messages)))
                .hasSizeGreaterThan(4_900_000);
    }

    @Test
    void randomTemplatesEitherRenderOrAreRefused() {
        String[] pieces = {
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            "+",
            " ",
            "\n",
            "for x in ",
            "if ",
            "endif",
            "endfor",
            "else",
            "elif ",
            "set ",
            "endset",
            "macro m(a, b=1)",
            "endmacro",
            "call m()",
            "endcall",
            "caller()",
            "x",
            "y.z",
            "[1, 2]",
            "'a'",
            "\"b\"",
            "1",
            "2.5",
            "|",
            "upper",
            "join(',')",
            "map('string')",
            "list",
            "is ",
            "defined",
            "not ",
            "in ",
            "and ",
            "or ",
            "==",
            "<",
            "~",
            "*",
            "**",
            "//",
            "%",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            ".",
            "loop.index",
            "range(3)",
            "namespace(a=1)",
            "raw",
            "endraw",
            "break",
            "continue",
            "\\",
            "'",
            "tojson",
            "recursive",
            "loop(x)",
            "=",
            "items()",
            "d",
            "[::-1]",
            ".append(1)",
            "_",
            "é",
            "\ud83d",
            "with a=1",
            "endwith",
            "filter upper",
            "endfilter",
            "generation",
            "endgeneration"
        };
        SplittableRandom random = new SplittableRandom(42);
        Limits limits = new Limits(1 << 16, 60, 20_000, 300, 1 << 20, 1 << 18);
        int rendered = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder template = new StringBuilder();
            boolean tagged = random.nextBoolean();
            for (int n = random.nextInt(1, 14); n > 0; n--) {
                String piece = pieces[random.nextInt(pieces.length)];
                template.append(tagged && random.nextInt(4) == 0 ? "{{ " + piece + " }}" : piece)
                        .append(' ');
            }
            try {
                Template.parse(template.toString(), limits)
                        .render(Map.of("x", Arrays.asList(1, "a", null, 2.5), "d", Map.of("k", "v"), "a", "text"));
                rendered++;
            } catch (JinjaException expected) {
                assertThat(expected.getMessage()).isNotBlank();
            }
        }
        assertThat(rendered).isBetween(300, 19_000);
    }
}
