package tokamak.server.openai;

import java.time.Duration;
import tokamak.server.http.HttpListener;
import tokamak.server.http.Request;

/** A line of JSON per answer. What was asked and answered is not in it. */
final class AccessLog implements HttpListener {
    private static final System.Logger LOG = System.getLogger("tokamak.access");

    @Override
    public void answered(Request request, int status, Duration took) {
        LOG.log(
                System.Logger.Level.INFO,
                () -> Json.object()
                        .put("id", request.id())
                        .put("remote", request.remote())
                        .put("method", request.method())
                        .put("path", Json.clean(request.path()))
                        .put("status", status)
                        .put("ms", took.toMillis())
                        .put("request_bytes", request.body().length)
                        .toString());
    }
}
