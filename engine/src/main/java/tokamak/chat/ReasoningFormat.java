package tokamak.chat;

import java.util.List;

/**
 * How a family of models marks its reasoning.
 *
 * @param names what it is called; vLLM's names of its parsers among them
 * @param open begins reasoning
 * @param close ends it
 * @param answerOpen stands around the answer after it and is left out, "" for nothing
 * @param answerClose the same
 * @param start what an answer begins with if the prompt does not say
 */
record ReasoningFormat(
        List<String> names, String open, String close, String answerOpen, String answerClose, Start start) {
    /** What an answer begins with. */
    enum Start {
        /** Reasoning if its marker comes first. */
        MARKED,
        /** Reasoning without a marker. */
        REASONING
    }

    String name() {
        return names.getFirst();
    }
}
