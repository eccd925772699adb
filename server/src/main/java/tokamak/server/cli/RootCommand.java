package tokamak.server.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "tokamak",
        header = "Runs large language models on this machine.",
        synopsisHeading = "%nUsage: ",
        customSynopsis = "tokamak COMMAND MODEL [options]",
        description = {
            "",
            "MODEL is a GGUF file, or a folder as Hugging Face hosts it (config.json, model.safetensors ...)."
        },
        versionProvider = Version.class,
        commandListHeading = "",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  tokamak run model.gguf                               talk with the model",
            "  tokamak run model.gguf \"Why is the sky blue?\"        one answer",
            "  tokamak inspect model.gguf --context 8192           what is in it, what memory it needs",
            "  tokamak generate model.gguf --prompt \"Once\" --json   for scripts",
            "",
            "'tokamak COMMAND --help' shows the options of a command."
        })
final class RootCommand implements Runnable {
    private final CliContext context;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this text.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version of Tokamak and of Java.")
    private boolean version;

    RootCommand(CliContext context) {
        this.context = context;
    }

    /** No command: the same as asking for help. */
    @Override
    public void run() {
        spec.commandLine().usage(context.out());
    }
}
