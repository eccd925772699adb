package tokamak.server.openai;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The models of a server, by name. */
public record ServedModels(List<ServedModel> all) {
    /** @param name as the client put it; given back in the answer */
    record Choice(ServedModel model, String name) {}

    public ServedModels {
        all = List.copyOf(all);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a server needs a model");
        }
    }

    /** The model a request names; the first one if it names none. */
    Choice choose(Fields request) {
        Optional<String> name = request.string("model").filter(text -> !text.isEmpty());
        if (name.isEmpty()) {
            return new Choice(all.getFirst(), all.getFirst().name());
        }
        return new Choice(named(name.get()), name.get());
    }

    ServedModel named(String name) {
        return all.stream()
                .filter(model -> model.names().contains(name))
                .findFirst()
                .orElseThrow(() -> notFound("there is no model '" + name + "' here; there is "
                        + all.stream()
                                .flatMap(model -> model.names().stream())
                                .map(served -> "'" + served + "'")
                                .collect(Collectors.joining(", "))));
    }

    static ApiException notFound(String message) {
        return new ApiException(404, "invalid_request_error", "model", "model_not_found", Optional.empty(), message);
    }
}
