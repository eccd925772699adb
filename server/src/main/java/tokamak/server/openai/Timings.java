package tokamak.server.openai;

import java.time.Duration;
import java.util.Map;
import tokamak.server.http.Response;
import tokamak.server.metrics.RequestMeter;

/** How long a request waited and computed, in the form of the Server-Timing header (W3C), milliseconds. */
final class Timings {
    private Timings() {}

    static Map<String, String> headers(RequestMeter meter) {
        return Map.of("server-timing", prefill(meter));
    }

    /** Of a whole answer: the time for its tokens too. */
    static Response addTo(Response response, RequestMeter meter) {
        double decode = millis(meter.elapsed().minus(meter.queueTime()).minus(meter.prefillTime()));
        return response.withHeader("server-timing", prefill(meter) + ", decode;dur=" + Math.max(0, decode));
    }

    private static String prefill(RequestMeter meter) {
        return "queue;dur=" + millis(meter.queueTime()) + ", prefill;dur=" + millis(meter.prefillTime());
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1000 / 1e3;
    }
}
