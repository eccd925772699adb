package tokamak.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rearranges a pipeline into a faster one that gives the same ids. */
final class Shortcuts {
    private Shortcuts() {}

    /** The steps of a pre-tokenizer without nesting. */
    static List<PreTokenizer> flatten(@Nullable PreTokenizer preTokenizer) {
        List<PreTokenizer> steps = new ArrayList<>();
        if (preTokenizer instanceof PreTokenizer.Chain chain) {
            chain.steps().forEach(step -> steps.addAll(flatten(step)));
        } else if (preTokenizer != null) {
            steps.add(preTokenizer);
        }
        return steps;
    }

    /** A last step that only spells bytes is done by the model, so that words are looked up in plain text. */
    static TokenModel model(List<PreTokenizer> steps, TokenModel model) {
        return spellsLast(steps, model) && model instanceof Bpe bpe ? bpe.asByteLevel() : model;
    }

    private static boolean spellsLast(List<PreTokenizer> steps, TokenModel model) {
        return model instanceof Bpe && !steps.isEmpty() && steps.getLast() instanceof PreTokenizer.ByteLevel;
    }

    static List<PreTokenizer> steps(List<PreTokenizer> steps, TokenModel model) {
        List<PreTokenizer> faster = new ArrayList<>(steps);
        if (spellsLast(steps, model) && faster.removeLast() instanceof PreTokenizer.ByteLevel spelling) {
            faster.addAll(flatten(spelling.splitOnly()));
        }
        if (model instanceof Bpe bpe && bpe.mayCutBeforeMark()) {
            faster.add(new PreTokenizer.BeforeMark(Bpe.MARK));
        }
        return faster;
    }
}
