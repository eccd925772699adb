package tokamak.server;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the public test data that lies beside a checkout; tests that need it are skipped where it is absent. */
public final class TestData {
    private TestData() {}

    /** A folder of the test data, such as {@code "quant"}. */
    public static Path folder(String name) {
        Path folder = Path.of(System.getProperty("tokamak.testdata", "../../shared/testdata"), name);
        Assumptions.assumeTrue(Files.isDirectory(folder), () -> "no test data at " + folder);
        return folder;
    }
}
