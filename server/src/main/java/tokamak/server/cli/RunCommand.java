package tokamak.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.Engine;
import tokamak.ModelInfo;
import tokamak.api.Guide;
import tokamak.api.SamplingParams;

@Command(
        name = "run",
        header = "Talk with a model, or get one answer.",
        customSynopsis = {
            "tokamak run [options] [MODEL]            talk; /help inside shows what you can do",
            "       tokamak run [options] [MODEL] PROMPT     one answer",
            "       ... | tokamak run [options] [MODEL]      one answer to what comes on standard input"
        },
        description = "The model's chat template is applied; a model without one continues the text.",
        sortOptions = false)
final class RunCommand implements Callable<Integer> {
    private final CliContext context;

    @Parameters(
            arity = "0..*",
            paramLabel = "MODEL PROMPT",
            hideParamSyntax = true,
            description = "MODEL is a GGUF file or Hugging Face folder; default: the demo model " + RunTarget.DEMO_MODEL
                    + " of this checkout.")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--system", paramLabel = "TEXT", description = "How the model should behave.")
    private String system = "";

    @Option(names = "--raw", description = "No chat template: the model continues the prompt as it is.")
    private boolean raw;

    @Option(
            names = {"-v", "--verbose"},
            description = "Report speed after every answer.")
    private boolean verbose;

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private GuideOptions guideOptions = new GuideOptions();

    @Mixin
    private ChatOptions chatOptions = new ChatOptions();

    @Mixin
    private EngineOptions engineOptions = new EngineOptions();

    @Mixin
    private HelpOption help = new HelpOption();

    RunCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        // Checked before a large model is loaded.
        sampling.applyTo(SamplingParams.defaults());
        Optional<Guide> guide = guideOptions.guide();
        RunTarget target = RunTarget.of(context, arguments);
        Optional<String> prompt = target.prompt().or(this::promptOnStandardInput);
        if (prompt.isPresent() && prompt.get().isBlank()) {
            throw new CliFailure("the prompt is empty; give some text after MODEL or on standard input");
        }
        if (target.isDemo()) {
            context.err().println("using the demo model " + RunTarget.DEMO_MODEL + "; 'tokamak run MODEL' runs yours");
            context.err().flush();
        }
        boolean isChat = !raw && ModelInfo.of(target.model()).hasChatTemplate();
        try (Engine engine = engineOptions.openForConversation(context, target.model(), chatOptions)) {
            SamplingParams params = sampling.applyTo(engine.samplingDefaults());
            Conversation conversation = new Conversation(context, engine, isChat, system, params, guide);
            if (verbose) {
                conversation.reportSpeed();
            }
            if (prompt.isPresent()) {
                conversation.say(prompt.get());
            } else {
                new Dialogue(context, conversation, engine.modelName()).run();
            }
        }
        return 0;
    }

    /** Empty where a person sits who can be asked. */
    private Optional<String> promptOnStandardInput() {
        if (context.isInteractive()) {
            return Optional.empty();
        }
        if (context.inIsTerminal()) {
            throw new CliFailure(
                    "there is no prompt; give one after MODEL, or let the output go to a terminal to talk");
        }
        return Optional.of(TextInput.ofStandardInput(context).strip());
    }
}
