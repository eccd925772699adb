package tokamak.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.text.jinja.JinjaException;

/** Finds a model's chat templates and special tokens. */
final class ChatTemplates {
    private static final System.Logger LOG = System.getLogger(ChatTemplates.class.getName());
    private static final long MAX_TEMPLATE_BYTES = 4L << 20;
    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");
    private static final String GGUF_TEMPLATE = "tokenizer.chat_template";

    private ChatTemplates() {}

    /** What a model's files say. */
    private record Found(String origin, Map<String, String> sources, Map<String, String> tokens, Set<String> known) {}

    static ChatTemplate of(Checkpoint checkpoint) throws ModelFormatException {
        return build(find(checkpoint));
    }

    /** @param given a template's text, one of our names, or a file */
    static ChatTemplate of(Checkpoint checkpoint, String given) throws ModelFormatException {
        Map<String, String> tokens = find(checkpoint).tokens();
        Optional<ChatTemplate> builtIn = ChatTemplate.builtIn(given, tokens);
        if (builtIn.isPresent()) {
            return builtIn.get();
        }
        boolean isText = given.contains("{%") || given.contains("{{");
        String origin = isText ? "the given chat template" : given;
        try {
            String source = isText ? given : read(Path.of(given));
            return new ChatTemplate(origin, Map.of("default", source), tokens);
        } catch (NoSuchFileException | InvalidPathException e) {
            throw new ModelFormatException("there is no chat template '" + given + "': neither a file nor one of "
                    + String.join(", ", BuiltInTemplates.NAMES));
        } catch (IOException | JinjaException e) {
            throw new ModelFormatException(origin + ": " + e.getMessage(), e);
        }
    }

    private static Found find(Checkpoint checkpoint) throws ModelFormatException {
        try {
            return switch (checkpoint) {
                case HfCheckpoint folder -> ofFolder(folder);
                case GgufCheckpoint gguf -> ofGguf(gguf);
            };
        } catch (ModelFormatException e) {
            throw e;
        } catch (IOException e) {
            throw new ModelFormatException(checkpoint.path() + ": cannot read the chat template", e);
        }
    }

    private static Found ofFolder(HfCheckpoint folder) throws IOException {
        Map<String, String> tokens = new LinkedHashMap<>();
        Set<String> known = new HashSet<>();
        Optional<Metadata> config = folder.json("tokenizer_config.json");
        if (config.isPresent()) {
            specialTokens(config.get(), tokens);
            addedTokens(config.get(), known);
        }
        Optional<Metadata> map = folder.json("special_tokens_map.json");
        if (map.isPresent()) {
            specialTokens(map.get(), tokens);
        }
        Map<String, String> sources = new LinkedHashMap<>();
        String origin = folder.path().toString();
        if (config.isPresent() && config.get().has("chat_template")) {
            origin = config.get().source() + ", chat_template";
            configTemplates(config.get(), sources);
        }
        // Files win over the config, as in Hugging Face's library.
        for (String name : List.of("tool_use", "rag")) {
            Optional<Path> file = folder.file("additional_chat_templates/" + name + ".jinja");
            if (file.isPresent()) {
                sources.put(name, read(file.get()));
            }
        }
        Optional<Path> file = folder.file("chat_template.jinja");
        Optional<Metadata> processor = folder.json("chat_template.json");
        if (file.isPresent()) {
            origin = file.get().toString();
            sources.put("default", read(file.get()));
        } else if (sources.isEmpty() && processor.isPresent() && processor.get().has("chat_template")) {
            origin = processor.get().source();
            sources.put("default", processor.get().string("chat_template"));
        }
        return new Found(origin, sources, tokens, known);
    }

    private static String read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_TEMPLATE_BYTES) {
            throw new ModelFormatException(
                    file + ": expected a template of at most " + MAX_TEMPLATE_BYTES + " bytes, found " + size);
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static void configTemplates(Metadata config, Map<String, String> sources) throws ModelFormatException {
        if (config.value("chat_template").orElse("") instanceof String source) {
            sources.put("default", source);
            return;
        }
        for (Metadata entry : config.objects("chat_template")) {
            sources.put(entry.string("name"), entry.string("template"));
        }
    }

    /** A special token is its text, or an object that holds it as {@code content}. */
    private static void specialTokens(Metadata config, Map<String, String> tokens) throws ModelFormatException {
        for (String name : SPECIAL_TOKENS) {
            Object value = config.value(name).orElse("");
            if (value instanceof Map && config.object(name).isPresent()) {
                value = config.object(name).get().string("content", "");
            }
            if (value instanceof String text && !text.isEmpty()) {
                tokens.putIfAbsent(name, text);
            }
        }
    }

    private static void addedTokens(Metadata config, Set<String> known) throws ModelFormatException {
        Optional<Metadata> added = config.object("added_tokens_decoder");
        if (added.isPresent()) {
            for (String id : added.get().keys()) {
                added.get()
                        .object(id)
                        .ifPresent(token -> token.value("content").ifPresent(text -> known.add(text.toString())));
            }
        }
    }

    private static Found ofGguf(GgufCheckpoint gguf) throws ModelFormatException {
        Metadata metadata = gguf.metadata();
        List<String> pieces = metadata.strings("tokenizer.ggml.tokens", List.of());
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String name : List.of("bos", "eos", "unknown", "seperator", "padding", "cls", "mask")) {
            long id = metadata.integer("tokenizer.ggml." + name + "_token_id", -1);
            if (id >= 0 && id < pieces.size()) {
                tokens.put(tokenName(name), pieces.get((int) id));
            }
        }
        Map<String, String> sources = new LinkedHashMap<>();
        for (String key : metadata.keys()) {
            if (key.equals(GGUF_TEMPLATE)) {
                sources.put("default", metadata.string(key));
            } else if (key.startsWith(GGUF_TEMPLATE + ".")) {
                sources.put(key.substring(GGUF_TEMPLATE.length() + 1), metadata.string(key));
            }
        }
        return new Found(gguf.path() + ", " + GGUF_TEMPLATE, sources, tokens, new HashSet<>(pieces));
    }

    private static String tokenName(String ggufName) {
        return switch (ggufName) {
            case "unknown" -> "unk_token";
            case "seperator" -> "sep_token"; // the format's own spelling
            case "padding" -> "pad_token";
            default -> ggufName + "_token";
        };
    }

    private static ChatTemplate build(Found found) throws ModelFormatException {
        if (!found.sources().isEmpty()) {
            try {
                return new ChatTemplate(found.origin(), found.sources(), found.tokens());
            } catch (JinjaException e) {
                throw new ModelFormatException(
                        found.origin() + ": " + e.getMessage() + "; another template can be given with --chat-template",
                        e);
            }
        }
        Set<String> known = new HashSet<>(found.known());
        known.addAll(found.tokens().values());
        String name = BuiltInTemplates.forTokens(known);
        LOG.log(
                System.Logger.Level.WARNING,
                "{0}: the model brings no chat template; using the built-in one named {1}; --chat-template gives another",
                found.origin(),
                name);
        return ChatTemplate.builtIn(name, found.tokens()).orElseThrow();
    }
}
