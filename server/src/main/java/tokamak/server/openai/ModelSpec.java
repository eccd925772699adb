package tokamak.server.openai;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import tokamak.Engine;
import tokamak.api.SamplingParams;

/**
 * What is known of a model before it is opened.
 *
 * @param names what it is called and listed as; the first is shown in answers to requests that name none
 * @param aliases further names that are understood
 * @param root what it is called on disk
 * @param contextLength tokens that prompt and answer may have at most; 0 if the files do not say
 * @param bytes of memory that it takes once it is open
 * @param opener opens it; may be called again after it was closed
 * @param sampling how tokens are chosen unless a request says otherwise
 */
public record ModelSpec(
        List<String> names,
        List<String> aliases,
        String root,
        int contextLength,
        long bytes,
        Supplier<Engine> opener,
        Function<Engine, SamplingParams> sampling) {
    public ModelSpec {
        names = List.copyOf(names);
        aliases = List.copyOf(aliases);
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a served model needs a name");
        }
    }
}
