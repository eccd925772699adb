package tokamak.server.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tokamak.api.SamplingParams;

/** What begins with a slash in a dialogue. */
final class DialogueCommands {
    private static final String HELP = """
            /set                   show how answers are made
            /set NAME VALUE        change it: temperature, top_p, top_k, min_p, repetition_penalty, presence_penalty,
                                   frequency_penalty, seed, max_tokens, stop, system
            /clear                 forget what has been said
            /bye                   end (as does Ctrl-D)
            \"""                    begins and ends a text of several lines
            Ctrl-C                 stops the answer
            """;

    private final PrintStream out;
    private final Conversation conversation;

    DialogueCommands(PrintStream out, Conversation conversation) {
        this.out = out;
        this.conversation = conversation;
    }

    /** Slashes inside a word, as in a path, do not make a command. */
    static boolean isCommand(String text) {
        return text.strip().matches("(?s)/(\\?|[a-z]+)(\\s.*)?");
    }

    /**
     * @return whether the dialogue goes on
     * @throws CliFailure if the command is not known or makes no sense
     */
    boolean execute(String command) {
        String[] words = command.split("\\s+", 3);
        switch (words[0]) {
            case "/bye", "/exit", "/quit" -> {
                return false;
            }
            case "/help", "/?" -> out.print(HELP);
            case "/clear" -> {
                conversation.clear();
                out.println("forgotten");
            }
            case "/set" -> {
                if (words.length == 1) {
                    show();
                } else {
                    set(words[1].replace('-', '_').toLowerCase(Locale.ROOT), words.length == 3 ? words[2] : "");
                }
            }
            default -> throw new CliFailure("there is no command " + words[0] + "; /help shows those there are");
        }
        return true;
    }

    private void set(String name, String value) {
        if (name.equals("system")) {
            conversation.setSystem(unquoted(value));
            return;
        }
        SamplingParams.Builder builder = conversation.params().toBuilder();
        try {
            switch (name) {
                case "temperature" -> builder.temperature(Double.parseDouble(value));
                case "top_p" -> builder.topP(Double.parseDouble(value));
                case "top_k" -> builder.topK(Integer.parseInt(value));
                case "min_p" -> builder.minP(Double.parseDouble(value));
                case "repetition_penalty" -> builder.repetitionPenalty(Double.parseDouble(value));
                case "presence_penalty" -> builder.presencePenalty(Double.parseDouble(value));
                case "frequency_penalty" -> builder.frequencyPenalty(Double.parseDouble(value));
                case "seed" -> builder.seed(Long.parseLong(value));
                case "max_tokens" -> builder.maxTokens(Integer.parseInt(value));
                case "stop" -> builder.stop(stops(value));
                default -> throw new CliFailure("there is no parameter " + name + "; /help shows those there are");
            }
        } catch (NumberFormatException e) {
            throw new CliFailure(name + " needs a number, found '" + value + "'");
        }
        conversation.setParams(builder.build());
    }

    private List<String> stops(String value) {
        List<String> stops = new ArrayList<>(conversation.params().stop());
        if (value.isEmpty()) {
            stops.clear();
        } else {
            stops.add(unquoted(value));
        }
        return stops;
    }

    private static String unquoted(String value) {
        boolean isQuoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return isQuoted ? value.substring(1, value.length() - 1) : value;
    }

    private void show() {
        SamplingParams params = conversation.params();
        line("temperature", plain(params.temperature()));
        line("top_p", plain(params.topP()));
        line("top_k", params.topK());
        line("min_p", plain(params.minP()));
        line("repetition_penalty", plain(params.repetitionPenalty()));
        line("presence_penalty", plain(params.presencePenalty()));
        line("frequency_penalty", plain(params.frequencyPenalty()));
        line("seed", params.seed().isPresent() ? params.seed().getAsLong() : "another each time");
        line("max_tokens", params.maxTokens().isPresent() ? params.maxTokens().getAsInt() : "what the context holds");
        line("stop", params.stop().isEmpty() ? "none" : String.join(", ", params.stop()));
        line("system", conversation.system().isEmpty() ? "none" : conversation.system());
    }

    /** Models recommend numbers in 32 bits: 0.3, not 0.30000001192092896. */
    private static String plain(double value) {
        return Float.toString((float) value);
    }

    private void line(String name, Object value) {
        out.printf("%-22s %s%n", name, value);
    }
}
