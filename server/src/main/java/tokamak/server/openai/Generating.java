package tokamak.server.openai;

import java.util.Set;
import tokamak.server.access.Access;
import tokamak.server.access.Caller;
import tokamak.server.http.Exchange;

/** Lets requests that make models work in by the limits of their caller's key. */
final class Generating implements tokamak.server.http.Handler {
    /** Handles a request that has been let in. */
    interface Handler {
        void handle(Exchange exchange, Caller caller, Caller.Visit visit);
    }

    private final Access access;
    private final Handler handler;

    Generating(Access access, Handler handler) {
        this.access = access;
        this.handler = handler;
    }

    @Override
    public void handle(Exchange exchange) {
        // Keys may have changed since the request was let through; then it is refused like any other.
        Caller caller = access.identify(exchange.request().header("authorization"))
                .orElseThrow(() -> ApiException.invalid(null, "the API key is not known here any more"));
        try (Caller.Visit visit = caller.enter()) {
            handler.handle(exchange, caller, visit);
        }
    }

    static void requireModel(Caller caller, ServedModels.Choice choice) {
        Set<String> allowed = caller.limits().models();
        if (!allowed.isEmpty() && choice.model().allNames().noneMatch(allowed::contains)) {
            throw ServedModels.notFound("this key may not use the model '" + choice.name() + "'");
        }
    }
}
