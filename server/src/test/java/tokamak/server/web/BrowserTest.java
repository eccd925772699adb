package tokamak.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.server.NodeClients;
import tokamak.server.TestServer;
import tokamak.server.access.KeyLimits;

/** The page in a real browser. {@code -Dtokamak.screenshots=FOLDER} keeps the pictures. */
class BrowserTest {
    @TempDir
    static Path temporary;

    private static String chromium = "";

    @BeforeAll
    static void findBrowser() {
        NodeClients.require("playwright-core");
        Optional<Path> found = NodeClients.onPath("chromium", "chromium-browser", "google-chrome");
        assumeTrue(found.isPresent(), "skipped: there is no chromium");
        chromium = found.orElseThrow().toString();
    }

    private static String pictures() {
        String wanted = System.getProperty("tokamak.screenshots", "");
        return wanted.isEmpty()
                ? temporary.toString()
                : Path.of(wanted).toAbsolutePath().toString();
    }

    @Test
    void thePageStreamsStopsFoldsCopiesAndRunsNothingThatAModelWrites() throws Exception {
        try (ScriptedApi api = new ScriptedApi()) {
            NodeClients.run("page.mjs", chromium, api.url(), pictures());
            assertThat(api.numGone).hasValue(1);
        }
    }

    @Test
    void thePageTalksToARealServer() throws Exception {
        try (TestServer server = new TestServer()) {
            NodeClients.run("real-server.mjs", chromium, server.server.url());
        }
    }

    @Test
    void thePageAsksForTheKeyOfAServerThatWantsOne() throws Exception {
        try (TestServer server = TestServer.withKey("s3", KeyLimits.none())) {
            NodeClients.run("real-server.mjs", chromium, server.server.url(), "s3");
        }
    }
}
