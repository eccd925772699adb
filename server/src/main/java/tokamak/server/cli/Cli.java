package tokamak.server.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import tokamak.api.TokamakException;

/** The program as a function of its surroundings and arguments. */
public final class Cli {
    private static final int EXIT_FAILURE = 1;
    private static final int EXIT_USAGE = 2;
    private static final int HELP_COLUMNS = 100;

    private Cli() {}

    /**
     * Runs one command to its end.
     *
     * @return the exit code: 0, 1 if something went wrong, 2 if the arguments make no sense
     */
    public static int run(CliContext context, String... given) {
        String[] args = helpAsOption(given);
        CommandLine line = commandLine(context, args);
        int code = execute(context, line, args);
        try {
            context.flush();
        } catch (CliContext.ClosedPipe e) {
            code = EXIT_FAILURE;
        }
        context.err().flush();
        return code;
    }

    /** {@code tokamak help run} is what many try first; it means {@code tokamak run --help}. */
    private static String[] helpAsOption(String... args) {
        return args.length > 0 && args[0].equals("help")
                ? Stream.concat(Arrays.stream(args).skip(1), Stream.of("--help"))
                        .toArray(String[]::new)
                : args;
    }

    private static int execute(CliContext context, CommandLine line, String... args) {
        try {
            boolean serves = args.length > 0 && args[0].equals("serve");
            return line.execute(serves ? ConfigFile.expand(args) : args);
        } catch (CliFailure e) {
            return report(context, e);
        } catch (OutOfMemoryError e) {
            context.err()
                    .println("tokamak: Java has run out of memory (" + e.getMessage()
                            + "); TOKAMAK_JAVA_OPTS=-Xmx1g gives it more");
            return EXIT_FAILURE;
        }
    }

    private static CommandLine commandLine(CliContext context, String... args) {
        CommandLine line = new CommandLine(new RootCommand(context));
        // Reading the options of every command takes longer than all else that happens before a model is opened.
        List<String> wanted =
                args.length > 0 && CommandGroups.names().contains(args[0]) ? List.of(args[0]) : CommandGroups.names();
        wanted.forEach(name -> line.addSubcommand(command(name, context)));
        line.setOut(new PrintWriter(context.out(), true));
        line.setErr(new PrintWriter(context.err(), true));
        line.setColorScheme(Help.defaultColorScheme(context.outIsTerminal() ? Help.Ansi.ON : Help.Ansi.OFF));
        line.setUsageHelpWidth(HELP_COLUMNS);
        line.setUsageHelpLongOptionsMaxWidth(32);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setAbbreviatedOptionsAllowed(false);
        line.setExecutionExceptionHandler((failure, _, _) -> report(context, failure));
        line.setParameterExceptionHandler(usage(context));
        CommandGroups.install(line);
        return line;
    }

    private static CommandLine command(String name, CliContext context) {
        return switch (name) {
            case "run" -> new CommandLine(new RunCommand(context));
            case "serve" -> VllmFlags.addTo(new CommandLine(new ServeCommand(context)));
            case "generate" -> new CommandLine(new GenerateCommand(context));
            case "score" -> new CommandLine(new ScoreCommand(context));
            case "inspect" -> new CommandLine(new InspectCommand(context));
            case "tokenize" -> new CommandLine(new TokenizeCommand(context));
            case "quantize" -> new CommandLine(new QuantizeCommand(context));
            case "bench" -> new CommandLine(new BenchCommand(context)).addSubcommand(new BenchServeCommand(context));
            case "perplexity" -> new CommandLine(new PerplexityCommand(context));
            case "selftest" -> new CommandLine(new SelfTestCommand(context));
            default -> throw new IllegalArgumentException("no command is called '" + name + "'");
        };
    }

    private static IParameterExceptionHandler usage(CliContext context) {
        return (failure, _) -> {
            String first = failure instanceof UnmatchedArgumentException unmatched
                    ? unmatched.getUnmatched().getFirst()
                    : "-";
            if (failure.getCommandLine().getParent() == null && !first.startsWith("-")) {
                context.err()
                        .println("tokamak: there is no command '" + first + "'; there are "
                                + String.join(", ", CommandGroups.names()));
                return EXIT_USAGE;
            }
            context.err().println("tokamak: " + sentence(failure));
            List<String> similar =
                    failure instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
            if (!similar.isEmpty()) {
                context.err().println("Did you mean " + String.join(" or ", similar) + "?");
            }
            String name = failure.getCommandLine().getCommandSpec().qualifiedName();
            context.err().println("'" + name + " --help' shows how it is used.");
            return EXIT_USAGE;
        };
    }

    private static String sentence(ParameterException failure) {
        return oneLine(Optional.ofNullable(failure.getMessage()).orElse("wrong arguments"));
    }

    private static int report(CliContext context, Exception failure) {
        switch (failure) {
            case CliContext.ClosedPipe _ -> {}
            case CliFailure known -> say(context, known);
            case TokamakException known -> say(context, known);
            case RuntimeException _ when context.out().checkError() -> {}
            default -> {
                context.err()
                        .println("tokamak: something went wrong that should not: " + oneLine(failure.toString())
                                + " (TOKAMAK_DEBUG=1 shows where)");
                trace(context, failure);
            }
        }
        return EXIT_FAILURE;
    }

    private static void say(CliContext context, RuntimeException known) {
        context.err().println("tokamak: " + oneLine(String.valueOf(known.getMessage())));
        trace(context, known);
    }

    private static void trace(CliContext context, Throwable failure) {
        if (context.debug()) {
            failure.printStackTrace(context.err());
        }
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
