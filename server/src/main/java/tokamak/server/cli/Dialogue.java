package tokamak.server.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import tokamak.api.TokamakException;

/** A person at a terminal and a model, in turns. */
final class Dialogue {
    private static final String PROMPT = ">>> ";
    private static final String MORE = "... ";
    private static final String FENCE = "\"\"\"";

    private final CliContext context;
    private final Conversation conversation;
    private final DialogueCommands commands;
    private final String modelName;

    Dialogue(CliContext context, Conversation conversation, String modelName) {
        this.context = context;
        this.conversation = conversation;
        this.commands = new DialogueCommands(context.out(), conversation);
        this.modelName = modelName;
    }

    void run() {
        try (Terminal terminal = TerminalBuilder.builder()
                .system(true)
                .dumb(true)
                .encoding(StandardCharsets.UTF_8)
                .build()) {
            LineReader reader = LineReaderBuilder.builder()
                    .terminal(terminal)
                    .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                    .variable(LineReader.SECONDARY_PROMPT_PATTERN, MORE)
                    .build();
            terminal.handle(Terminal.Signal.INT, _ -> conversation.stop());
            greet();
            while (takeTurn(terminal, reader)) {
                context.flush();
            }
        } catch (IOException e) {
            throw new CliFailure("the terminal cannot be used: " + e.getMessage());
        }
    }

    private void greet() {
        context.out()
                .println(modelName
                        + (conversation.isChat() ? ". " : ": it has no chat template, so it continues what you write. ")
                        + "/help shows what you can do, /bye ends.");
        context.flush();
    }

    /** @return whether the dialogue goes on */
    private boolean takeTurn(Terminal terminal, LineReader reader) {
        try {
            String text = read(reader);
            if (text.isBlank()) {
                return true;
            }
            if (DialogueCommands.isCommand(text)) {
                return commands.execute(text.strip());
            }
            sayQuietly(terminal, text);
        } catch (UserInterruptException e) {
            context.out().println("(Ctrl-D or /bye ends)");
        } catch (EndOfFileException e) {
            return false;
        } catch (TokamakException | CliFailure e) {
            context.out().flush();
            context.err().println("tokamak: " + e.getMessage());
            context.err().flush();
        }
        return true;
    }

    /** What is typed ahead must not be mixed into the answer; it appears at the next prompt. */
    private void sayQuietly(Terminal terminal, String text) {
        Attributes before = terminal.getAttributes();
        Attributes quiet = new Attributes(before);
        quiet.setLocalFlag(Attributes.LocalFlag.ECHO, false);
        terminal.setAttributes(quiet);
        try {
            conversation.say(text);
        } finally {
            terminal.setAttributes(before);
        }
    }

    /** One line, or what stands between two fences of three quotation marks. */
    private static String read(LineReader reader) {
        String line = reader.readLine(PROMPT);
        if (!line.stripLeading().startsWith(FENCE)) {
            return line;
        }
        StringBuilder text = new StringBuilder(line.stripLeading().substring(FENCE.length()));
        while (!text.toString().stripTrailing().endsWith(FENCE)) {
            text.append('\n').append(reader.readLine(MORE));
        }
        String all = text.toString().stripTrailing();
        return all.substring(0, all.length() - FENCE.length()).strip();
    }
}
