package tokamak.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tokamak.Engine;
import tokamak.TokenStream;
import tokamak.api.FinishReason;
import tokamak.api.GenerationRequest;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;

/**
 * What has been said, and how to go on. A model without a chat template knows no conversation: every prompt is a text that
 * it continues. One thread talks; {@link #stop} may come from another.
 */
final class Conversation {
    private final CliContext context;
    private final Engine engine;
    private final boolean isChat;
    private final List<Message> messages = new ArrayList<>();
    private String system;
    private SamplingParams params;
    private boolean reportsSpeed;
    private volatile @Nullable TokenStream running;

    /** @param isChat whether the model has a chat template */
    Conversation(CliContext context, Engine engine, boolean isChat, String system, SamplingParams params) {
        this.context = context;
        this.engine = engine;
        this.isChat = isChat;
        this.system = system;
        this.params = params;
    }

    boolean isChat() {
        return isChat;
    }

    SamplingParams params() {
        return params;
    }

    void setParams(SamplingParams value) {
        params = value;
    }

    String system() {
        return system;
    }

    /** Takes effect at once: it stands before all that has been said. */
    void setSystem(String value) {
        system = value;
    }

    void reportSpeed() {
        reportsSpeed = true;
    }

    /** Forgets what has been said. */
    void clear() {
        messages.clear();
    }

    /** Ends the answer that is being given. */
    void stop() {
        TokenStream stream = running;
        if (stream != null) {
            stream.cancel();
        }
    }

    /** Writes the answer to a prompt. If there is none, it is as if nothing had been said. */
    void say(String prompt) {
        int numBefore = messages.size();
        messages.add(Message.user(prompt));
        boolean answered = false;
        try {
            answer(isChat ? Prompt.Chat.of(withSystem()) : new Prompt.Text(prompt));
            answered = true;
        } finally {
            if (!answered || !isChat) {
                messages.subList(numBefore, messages.size()).clear();
            }
        }
    }

    private List<Message> withSystem() {
        List<Message> all = new ArrayList<>();
        if (!system.isEmpty()) {
            all.add(Message.system(system));
        }
        all.addAll(messages);
        return all;
    }

    private void answer(Prompt prompt) {
        long start = System.nanoTime();
        try (TokenStream stream = engine.submit(GenerationRequest.of(prompt).withSampling(params))) {
            running = stream;
            StreamPrinter.End end =
                    isChat ? StreamPrinter.printMessage(context, stream) : StreamPrinter.print(context, stream);
            messages.add(Message.assistant(end.text()));
            context.out().println();
            context.flush();
            report(end, (System.nanoTime() - start) / 1e9);
        } finally {
            running = null;
        }
    }

    private void report(StreamPrinter.End end, double seconds) {
        int limit = params.maxTokens().orElse(Integer.MAX_VALUE);
        if (end.reason() == FinishReason.LENGTH && end.usage().completionTokens() < limit) {
            context.err()
                    .println("tokamak: the answer ends here: the context of " + engine.contextLength()
                            + " tokens is full");
        }
        if (reportsSpeed) {
            int numTokens = end.usage().completionTokens();
            context.err()
                    .println(String.format(
                            Locale.ROOT,
                            "%d prompt tokens (%d cached), %d generated in %.2f s, %.1f tokens/s",
                            end.usage().promptTokens(),
                            end.usage().cachedTokens(),
                            numTokens,
                            seconds,
                            numTokens / seconds));
        }
        context.err().flush();
    }
}
