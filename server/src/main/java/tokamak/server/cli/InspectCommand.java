package tokamak.server.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tokamak.MachineInfo;
import tokamak.ModelInfo;

@Command(
        name = "inspect",
        header = "Show what is in a model and what memory it needs, or what this machine can do.",
        description = "Of a model it reads headers and settings only, so it is quick for large models too.",
        sortOptions = false)
final class InspectCommand implements Callable<Integer> {
    private static final int USUAL_CONTEXT = 4096;

    /** {@link ModelInfo} as programs get it. */
    record Report(
            String name,
            String path,
            String format,
            String architecture,
            boolean supported,
            @Nullable String reason,
            long parameters,
            long fileBytes,
            long weightBytes,
            List<ModelInfo.Format> formats,
            ModelInfo.@Nullable Shape shape,
            @Nullable Integer maxPositions,
            String tokenizer,
            boolean chatTemplate,
            ModelInfo.@Nullable Memory memory,
            Map<String, String> metadata,
            int numTensors,
            @Nullable List<ModelInfo.TensorInfo> tensors) {}

    private final CliContext context;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "GGUF file or Hugging Face folder.")
    private @Nullable String model;

    @Option(names = "--machine", description = "Show processor, memory and measured limits instead of a model.")
    private boolean machine;

    @Mixin
    private IsaOption isa = new IsaOption();

    @Option(
            names = {"--context", "--max-model-len"},
            paramLabel = "N",
            description = "Estimate memory for a context of N tokens. Default: the model's own, at most "
                    + USUAL_CONTEXT + ".")
    private @Nullable Integer contextLength;

    @Option(names = "--tensors", description = "List all tensors.")
    private boolean tensors;

    @Option(names = "--json", description = "Answer in JSON, sizes in bytes.")
    private boolean json;

    @Mixin
    private HelpOption help = new HelpOption();

    InspectCommand(CliContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        if (machine == (model != null)) {
            throw new CliFailure("inspect needs either a MODEL or --machine");
        }
        if (model == null) {
            inspectMachine();
        } else {
            inspect(model);
        }
        return 0;
    }

    private void inspectMachine() {
        MachineInfo info = MachineInfo.of(isa.name());
        if (json) {
            context.out().println(Json.indented(info));
        } else {
            new MachinePage(context.out()).print(info);
        }
    }

    private void inspect(String model) {
        if (contextLength != null && contextLength < 1) {
            throw new CliFailure("--context must be at least 1, found " + contextLength);
        }
        ModelInfo info = ModelInfo.of(ModelPath.of(model));
        int length = contextLength != null ? contextLength : usualContext(info);
        if (json) {
            context.out().println(Json.indented(report(info, length)));
        } else {
            InspectPage page = new InspectPage(context.out());
            page.print(info, length);
            if (tensors) {
                page.printTensors(info);
            }
        }
    }

    private static int usualContext(ModelInfo info) {
        return info.shape()
                .map(shape -> Math.max(1, Math.min(shape.maxPositions(), USUAL_CONTEXT)))
                .orElse(USUAL_CONTEXT);
    }

    private Report report(ModelInfo info, int length) {
        return new Report(
                info.name(),
                info.path().toString(),
                info.fileFormat(),
                info.architecture(),
                info.unsupported().isEmpty(),
                info.unsupported().orElse(null),
                info.parameters(),
                info.fileBytes(),
                info.weightBytes(),
                info.formats(),
                info.shape().orElse(null),
                info.shape().map(ModelInfo.Shape::maxPositions).orElse(null),
                info.tokenizer(),
                info.hasChatTemplate(),
                info.memory(length).orElse(null),
                info.highlights(),
                info.tensors().size(),
                tensors ? info.tensors() : null);
    }
}
