package tokamak.server.openai;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tokamak.server.access.Access;
import tokamak.server.access.Caller;
import tokamak.server.http.HttpListener;
import tokamak.server.http.Request;

/** A line of JSON per answer. What was asked and answered is not in it, and of keys only their names. */
final class AccessLog implements HttpListener {
    private static final System.Logger LOG = System.getLogger("tokamak.access");

    private final Access access;

    AccessLog(Access access) {
        this.access = access;
    }

    @Override
    public void answered(Request request, int status, Duration took) {
        LOG.log(System.Logger.Level.INFO, () -> line(request, status, took));
    }

    private String line(Request request, int status, Duration took) {
        String key = access.identify(request.header("authorization"))
                .map(Caller::name)
                .orElse("");
        return Json.object()
                .put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
                .put("id", request.id())
                .put(
                        "remote",
                        request.remote().replaceFirst("^/", "")) // Java writes one before addresses without a name
                .put("key", key)
                .put("method", request.method())
                .put("path", Json.clean(request.path()))
                .put("status", status)
                .put("ms", took.toMillis())
                .put("request_bytes", request.body().length)
                .toString();
    }
}
