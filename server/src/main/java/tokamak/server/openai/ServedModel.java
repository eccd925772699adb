package tokamak.server.openai;

import java.time.Instant;
import java.util.List;
import tokamak.Engine;
import tokamak.api.SamplingParams;

/**
 * A model that clients can ask for.
 *
 * @param names what it is called; the first is shown in answers to requests that name none
 * @param sampling how tokens are chosen unless a request says otherwise
 * @param created when it was loaded
 */
public record ServedModel(Engine engine, List<String> names, SamplingParams sampling, Instant created) {
    public ServedModel {
        names = List.copyOf(names);
        if (names.isEmpty()) {
            throw new IllegalArgumentException("a served model needs a name");
        }
    }

    public String name() {
        return names.getFirst();
    }
}
