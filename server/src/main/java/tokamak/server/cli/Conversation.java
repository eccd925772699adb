package tokamak.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tokamak.Engine;
import tokamak.RenderedChat;
import tokamak.TokenStream;
import tokamak.api.FinishReason;
import tokamak.api.GenerationRequest;
import tokamak.api.Guide;
import tokamak.api.Message;
import tokamak.api.Prompt;
import tokamak.api.SamplingParams;
import tokamak.chat.AnswerRules;
import tokamak.chat.ChatFormat;

/**
 * What has been said, and how to go on. A model without a chat template knows no conversation: every prompt is a text that
 * it continues. One thread talks; {@link #stop} may come from another.
 */
final class Conversation {
    private final CliContext context;
    private final Engine engine;
    private final boolean isChat;
    private final Optional<Guide> guide;
    private final List<Message> messages = new ArrayList<>();
    private String system;
    private SamplingParams params;
    private boolean reportsSpeed;
    private volatile @Nullable TokenStream running;

    /**
     * @param isChat whether the model has a chat template
     * @param guide what every answer must be
     */
    Conversation(
            CliContext context,
            Engine engine,
            boolean isChat,
            String system,
            SamplingParams params,
            Optional<Guide> guide) {
        this.context = context;
        this.engine = engine;
        this.isChat = isChat;
        this.system = system;
        this.params = params;
        this.guide = guide;
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
            if (isChat) {
                answerChat(Prompt.Chat.of(withSystem()));
            } else {
                GenerationRequest request = GenerationRequest.text(prompt);
                answer(guide.map(request::withGuide).orElse(request), stream -> StreamPrinter.print(context, stream));
            }
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

    private void answerChat(Prompt.Chat chat) {
        RenderedChat rendered = engine.renderChat(chat);
        ChatFormat format = engine.chatFormat();
        ChatFormat.Start start = format.start(rendered.text());
        GenerationRequest request =
                GenerationRequest.tokens(engine.tokenize(rendered)).withShownSpecials(format.markers(false));
        AnswerRules rules = new AnswerRules(List.of(), AnswerRules.Use.NONE, true, guide, false, OptionalInt.empty());
        answer(
                format.guide(start, rules).map(request::withGuide).orElse(request),
                stream -> new MessagePrinter(context, format.parser(start, List.of())).print(stream));
    }

    private void answer(GenerationRequest request, Function<TokenStream, StreamPrinter.End> printer) {
        long start = System.nanoTime();
        try (TokenStream stream = engine.submit(request.withSampling(params))) {
            running = stream;
            StreamPrinter.End end = printer.apply(stream);
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
