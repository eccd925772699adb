package tokamak.server;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import tokamak.server.cli.Cli;
import tokamak.server.cli.CliContext;

/** The program. What it needs to know of its surroundings is read here and nowhere else. */
public final class Main {
    private static final int BUFFER_BYTES = 1 << 13;

    /** Warns of every model without a chat template; only the server would use another in its place. */
    private static final Logger CHAT_TEMPLATES = Logger.getLogger("tokamak.text.ChatTemplates");

    private Main() {}

    public static void main(String[] args) {
        boolean debug = "1".equals(System.getenv("TOKAMAK_DEBUG"));
        configureLog(debug, args.length > 0 && args[0].equals("serve") ? Level.WARNING : Level.SEVERE);
        // The launcher says which of the three streams are terminals: "in,out,err,".
        String terminals = System.getProperty("tokamak.terminals", "");
        CliContext context = new CliContext(
                System.in,
                utf8(FileDescriptor.out),
                utf8(FileDescriptor.err),
                terminals.contains("in,"),
                terminals.contains("out,"),
                terminals.contains("err,"),
                Optional.ofNullable(System.getProperty("tokamak.home")).map(Path::of),
                dataFolder(),
                debug);
        // Not all threads that libraries start are daemons.
        System.exit(Cli.run(context, args));
    }

    /** The log goes to standard error, a line each; without debugging only what needs attention. */
    private static void configureLog(boolean debug, Level chatTemplates) {
        System.setProperty("java.util.logging.SimpleFormatter.format", "tokamak: %5$s%6$s%n");
        Logger.getLogger("").setLevel(debug ? Level.INFO : Level.WARNING);
        CHAT_TEMPLATES.setLevel(debug ? Level.INFO : chatTemplates);
    }

    private static Path dataFolder() {
        String chosen = System.getenv("TOKAMAK_HOME");
        return chosen == null || chosen.isBlank()
                ? Path.of(System.getProperty("user.home"), ".tokamak")
                : Path.of(chosen);
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor), BUFFER_BYTES),
                false,
                StandardCharsets.UTF_8);
    }
}
