package tokamak.server.cli;

import java.io.PrintStream;
import tokamak.ModelInfo;

/** A {@link ModelInfo} for people. */
final class InspectPage {
    private final PrintStream out;

    InspectPage(PrintStream out) {
        this.out = out;
    }

    void print(ModelInfo info, int contextLength) {
        out.println(info.name() + " (" + info.fileFormat() + ", " + Amounts.bytes(info.fileBytes()) + ")");
        line("architecture", info.architecture().isEmpty() ? "unknown" : info.architecture());
        info.unsupported().ifPresent(reason -> line("cannot be run", reason));
        if (!info.tensors().isEmpty()) {
            line("parameters", Amounts.count(info.parameters()));
            line(
                    "weights",
                    Amounts.bytes(info.weightBytes()) + " in " + info.tensors().size() + " tensors");
            for (ModelInfo.Format format : info.formats()) {
                line(
                        "",
                        "%-8s %s in %d tensors"
                                .formatted(format.dtype(), Amounts.bytes(format.numBytes()), format.numTensors()));
            }
        }
        info.shape().ifPresent(this::printShape);
        line("tokenizer", info.tokenizer().isEmpty() ? "none" : info.tokenizer());
        line("chat template", info.hasChatTemplate() ? "yes" : "no");
        info.highlights().forEach(this::line);
        info.memory(contextLength).ifPresent(this::printMemory);
    }

    private void printShape(ModelInfo.Shape shape) {
        line("layers", String.valueOf(shape.numLayers()));
        line("hidden size", shape.hiddenSize() + ", feed-forward " + shape.intermediateSize());
        line("heads", shape.numHeads() + " of " + shape.headDim() + " numbers, key/value heads " + shape.numKvHeads());
        if (shape.numExperts() > 0) {
            line("experts", shape.numExperts() + ", of which " + shape.numExpertsUsed() + " per token");
        }
        line("vocabulary", shape.vocabSize() + " tokens");
        line("max positions", shape.maxPositions() + " tokens");
        if (shape.slidingWindow() > 0) {
            line("sliding window", shape.slidingWindow() + " tokens");
        }
    }

    private void printMemory(ModelInfo.Memory memory) {
        out.println();
        out.println("Estimated memory for a context of " + memory.contextLength() + " tokens");
        line("weights", Amounts.bytes(memory.weights()));
        line(
                "KV cache",
                Amounts.bytes(memory.kvCacheF32()) + " in f32, " + Amounts.bytes(memory.kvCacheF16()) + " in f16");
        line("activations", Amounts.bytes(memory.activations()));
        line("together", Amounts.bytes(memory.totalF32()) + " in f32, " + Amounts.bytes(memory.totalF16()) + " in f16");
    }

    void printTensors(ModelInfo info) {
        out.println();
        for (ModelInfo.TensorInfo tensor : info.tensors()) {
            out.printf(
                    "  %-48s %-8s %-20s %s%n",
                    tensor.name(), tensor.dtype(), tensor.shape(), Amounts.bytes(tensor.numBytes()));
        }
    }

    private void line(String label, String text) {
        out.printf("  %-22s %s%n", label, text);
    }
}
