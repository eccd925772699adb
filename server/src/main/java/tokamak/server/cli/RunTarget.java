package tokamak.server.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which model {@code run} means, and what it is asked.
 *
 * @param isDemo whether nobody named the model
 */
record RunTarget(Path model, Optional<String> prompt, boolean isDemo) {
    /** Where the model that ships with the project lies, below its folder. */
    static final String DEMO_MODEL = "models/tokamak-demo.gguf";

    /** A single argument that names nothing on disk and has spaces in it can only be a question to the demo model. */
    static RunTarget of(CliContext context, List<String> arguments) {
        if (arguments.size() >= 2) {
            String prompt = String.join(" ", arguments.subList(1, arguments.size()));
            return new RunTarget(ModelPath.of(arguments.getFirst()), Optional.of(prompt), false);
        }
        boolean isQuestion = arguments.size() == 1
                && arguments.getFirst().strip().contains(" ")
                && !ModelPath.exists(arguments.getFirst());
        return arguments.isEmpty() || isQuestion
                ? new RunTarget(
                        demo(context, "run MODEL [PROMPT]"), arguments.stream().findFirst(), true)
                : new RunTarget(ModelPath.of(arguments.getFirst()), Optional.empty(), false);
    }

    /** @param usage how a model would be named */
    static Path demo(CliContext context, String usage) {
        return context.home()
                .map(home -> home.resolve(DEMO_MODEL))
                .filter(Files::isRegularFile)
                .orElseThrow(() -> new CliFailure("no model is given, and there is no demo model "
                        + context.home()
                                .map(home -> home.resolve(DEMO_MODEL).toString())
                                .orElse(DEMO_MODEL)
                        + "; give a GGUF file or a Hugging Face folder: tokamak " + usage));
    }
}
