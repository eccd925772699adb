package tokamak.server.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tokamak.ChatConfig;
import tokamak.EngineConfig;
import tokamak.api.InvalidRequestException;
import tokamak.chat.ChatFormat;

/** How chats are written for a model, and how its answers are read. */
final class ChatOptions {
    @Option(
            names = "--chat-template",
            paramLabel = "FILE|NAME",
            description =
                    "How chats become prompts, as Jinja: a file, or chatml, gemma, llama3, mistral, phi3, plain, vicuna"
                            + " or zephyr. Default: what the model brings.")
    private @Nullable String template;

    @Option(
            names = "--tool-call-parser",
            paramLabel = "NAME",
            description =
                    "How the model writes tool calls, by vLLM's names such as hermes or qwen3_coder. Default: auto,"
                            + " as its chat template shows.")
    private String toolParser = ChatFormat.AUTO;

    @Option(
            names = "--reasoning-parser",
            paramLabel = "NAME",
            description =
                    "How the model marks its reasoning, by vLLM's names such as qwen3 or deepseek_r1; none leaves it"
                            + " in the answer. Default: auto, as its chat template shows.")
    private String reasoningParser = ChatFormat.AUTO;

    EngineConfig applyTo(EngineConfig config) {
        try {
            return config.withChat(new ChatConfig(template, toolParser, reasoningParser));
        } catch (InvalidRequestException e) {
            throw new CliFailure(String.valueOf(e.getMessage()));
        }
    }
}
