package tokamak.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/** Finds the tokenizer of a checkpoint. */
final class Tokenizers {
    private Tokenizers() {}

    static Tokenizer of(Checkpoint checkpoint) throws IOException {
        return switch (checkpoint) {
            case GgufCheckpoint gguf -> GgufTokenizer.of(gguf.metadata());
            case HfCheckpoint folder -> of(folder);
        };
    }

    private static Tokenizer of(HfCheckpoint folder) throws IOException {
        Optional<Metadata> config = folder.json("tokenizer_config.json");
        Optional<Path> json = folder.file("tokenizer.json");
        if (json.isPresent()) {
            return TokenizerJson.read(json.get(), config);
        }
        throw new ModelFormatException(folder.path() + ": expected tokenizer.json, found none."
                + " Put the tokenizer.json of the model there (AutoTokenizer.save_pretrained of the transformers library"
                + " writes one).");
    }
}
