package tokamak.server.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Texts that the user gives in files or on standard input, always in UTF-8. */
final class TextInput {
    private static final int MAX_BYTES = 64 << 20;

    private TextInput() {}

    static String ofFile(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in);
        } catch (NoSuchFileException e) {
            throw new CliFailure(file + ": no such file");
        } catch (IOException e) {
            throw new CliFailure(file + ": could not be read: " + e.getMessage());
        }
    }

    /** What a file holds, or standard input. @param name of the file; - is standard input */
    static String of(CliContext context, String name) {
        return name.equals("-") ? ofStandardInput(context) : ofFile(Path.of(name));
    }

    /** All of standard input; "" if it is closed. */
    static String ofStandardInput(CliContext context) {
        try {
            return read("standard input", context.in());
        } catch (IOException closed) {
            return "";
        }
    }

    private static String read(String source, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw new CliFailure(source + ": more than " + (MAX_BYTES >> 20) + " MB of text");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new CliFailure(source + ": expected text in UTF-8, found other bytes");
        }
    }
}
