package tokamak.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** Opens the tokenizers of the test data, zipped or not. */
final class TokenizerFolders {
    private TokenizerFolders() {}

    static Tokenizer open(Path folder) throws IOException {
        Path plain = folder.resolve("tokenizer.json");
        if (Files.exists(plain)) {
            return TokenizerJson.read(plain, Optional.empty());
        }
        try (InputStream in = new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")), 1 << 16)) {
            return TokenizerJson.read(folder.toString(), in, Optional.empty());
        }
    }

    /** A folder with the tokenizer's file, unzipped. */
    static Path unpack(Path folder, Path target) throws IOException {
        Path plain = folder.resolve("tokenizer.json");
        try (InputStream in = Files.exists(plain)
                ? Files.newInputStream(plain)
                : new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")), 1 << 16)) {
            Files.copy(in, target.resolve("tokenizer.json"));
        }
        return target;
    }
}
