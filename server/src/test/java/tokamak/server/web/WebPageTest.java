package tokamak.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

class WebPageTest {
    private static final Pattern REFERENCE = Pattern.compile("(?:src|href)=\"([^\"]+)\"|from '\\./([^']+)'");

    @Test
    void everyFileOfThePageIsThereWithoutAKeyAndNothingComesFromElsewhere() throws Exception {
        try (TestServer server = TestServer.withKey("s3", KeyLimits.none())) {
            assertThat(server.get("/v1/models").status()).isEqualTo(401);
            TreeSet<String> toSee = new TreeSet<>(List.of("/", "/favicon.ico"));
            TreeSet<String> seen = new TreeSet<>();
            while (!toSee.isEmpty()) {
                String path = toSee.removeFirst();
                TestServer.Answer file = server.get(path);
                assertThat(file.status()).as(path).isEqualTo(200);
                assertThat(file.raw().headers().firstValue("content-security-policy"))
                        .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'none'"));
                assertThat(file.raw().headers().firstValue("x-content-type-options"))
                        .hasValue("nosniff");
                seen.add(path);
                references(file.raw().body())
                        .filter(reference -> !seen.contains(reference))
                        .forEach(toSee::add);
            }
            assertThat(seen).hasSizeGreaterThan(10);
        }
    }

    private static Stream<String> references(String text) {
        return REFERENCE
                .matcher(text)
                .results()
                .map(match -> match.group(1) != null ? "/" + match.group(1) : "/web/" + match.group(2));
    }

    @Test
    void aBrowserThatHasAFileIsNotSentItAgain() throws Exception {
        try (TestServer server = TestServer.withKey("s3", KeyLimits.none())) {
            String tag = server.get("/web/page.js")
                    .raw()
                    .headers()
                    .firstValue("etag")
                    .orElseThrow();
            TestServer.Answer again = server.send(
                    server.request("/web/page.js").header("if-none-match", tag).build());
            assertThat(again.status()).isEqualTo(304);
            assertThat(again.raw().body()).isEmpty();
            TestServer.Answer old = server.send(server.request("/web/page.js")
                    .header("if-none-match", "\"older\"")
                    .build());
            assertThat(old.status()).isEqualTo(200);
        }
    }
}
