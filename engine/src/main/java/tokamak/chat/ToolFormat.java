package tokamak.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How a family of models writes tool calls. An answer holds sections of calls; what stands outside of them is content.
 * The texts are written with the whitespace that models are trained with; reading does not insist on it.
 *
 * @param names what it is called; vLLM's names of its parsers among them
 * @param opening begins a section: the first is the marker looked for in content; empty: calls make up the whole answer
 * @param optionalMarker a marker that may stand before such calls, "" for none
 * @param call the pieces of one call
 * @param separator stands between the calls of a section; empty: a section has one call
 * @param closing ends a section; it may be missing at the end of the answer
 * @param between stands between sections
 * @param ids how clients refer to calls
 */
record ToolFormat(
        List<String> names,
        List<String> opening,
        String optionalMarker,
        List<Part> call,
        Optional<String> separator,
        List<String> closing,
        String between,
        Ids ids) {
    /** The form of a call's id. */
    enum Ids {
        /** As OpenAI's. */
        OPENAI,
        /** Mistral's templates insist on nine letters or digits. */
        NINE,
        /** Kimi's templates show them to the model. */
        NUMBERED;

        private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

        String next(String function, int ordinal) {
            return switch (this) {
                case OPENAI -> "call_" + random(24);
                case NINE -> random(9);
                case NUMBERED -> String.format(Locale.ROOT, "functions.%s:%d", function, ordinal);
            };
        }

        private static String random(int length) {
            StringBuilder id = new StringBuilder(length);
            for (int i = 0; i < length; i++) {
                id.append(LETTERS.charAt(ThreadLocalRandom.current().nextInt(LETTERS.length())));
            }
            return id.toString();
        }
    }

    ToolFormat with(String newBetween, Ids newIds) {
        return new ToolFormat(names, opening, optionalMarker, call, separator, closing, newBetween, newIds);
    }

    String name() {
        return names.getFirst();
    }

    /** Every fixed text of a call. */
    List<String> texts() {
        List<String> texts = new ArrayList<>(opening);
        texts.add(optionalMarker);
        for (Part part : call) {
            texts.addAll(
                    switch (part) {
                        case Part.Literal literal -> List.of(literal.text());
                        case Part.Tags tags ->
                            List.of(
                                    tags.keyBegin(),
                                    tags.keyEnd(),
                                    tags.stringKeyEnd(),
                                    tags.valueBegin(),
                                    tags.valueEnd());
                        case Part.Unquoted unquoted -> List.of(unquoted.quote());
                        case Part.Name _, Part.NumberedName _, Part.Arguments _, Part.NamedJson _, Part.Keywords _ ->
                            List.of();
                    });
        }
        texts.addAll(closing);
        return texts.stream().map(String::strip).toList();
    }

    /** The text that begins a section; "" where calls make up the whole answer. */
    String marker() {
        return opening.isEmpty() ? "" : opening.getFirst().strip();
    }

    /** Whether a name that no tool has means that this is no call: other text can look like the beginning of one. */
    boolean knownNamesOnly() {
        return isWholeAnswer() || call.getFirst() instanceof Part.Name;
    }

    /** Whether calls can only be the whole answer: nothing marks them in the middle of a text. */
    boolean isWholeAnswer() {
        return marker().length() < 2;
    }
}
