package tokamak.server.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** Reads the version that the build wrote into the jar. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Optional.ofNullable(Cli.class.getPackage().getImplementationVersion())
                .orElse("(not packaged)");
        return new String[] {
            "tokamak " + version,
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
