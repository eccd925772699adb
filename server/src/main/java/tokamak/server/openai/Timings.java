package tokamak.server.openai;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tokamak.server.http.Response;
import tokamak.server.metrics.RequestMeter;

/** How long a request waited and computed, in the form of the Server-Timing header (W3C), milliseconds. */
final class Timings {
    private static final int MAX_WARNING_CHARS = 4096;

    static final String HEADER = "server-timing";

    private Timings() {}

    static Map<String, String> headers(Submission.Part part) {
        Map<String, String> headers = new HashMap<>(warnings(part.stream().warnings()));
        headers.put(HEADER, untilTokens(part.meter()));
        return headers;
    }

    /** What was not taken as it was written, where answers leave no place for it. */
    private static Map<String, String> warnings(List<String> warnings) {
        if (warnings.isEmpty()) {
            return Map.of();
        }
        StringBuilder header = new StringBuilder();
        for (String warning : warnings) {
            if (header.length() + warning.length() > MAX_WARNING_CHARS) {
                break;
            }
            String plain = warning.replaceAll("[^ -~]", "?").replace("\\", "/").replace('"', '\'');
            header.append(header.isEmpty() ? "" : ", ")
                    .append("299 tokamak \"")
                    .append(plain)
                    .append('"');
        }
        return Map.of("warning", header.toString());
    }

    /** Of a whole answer: the time for its tokens too. */
    static Response addTo(Response response, Submission.Part part) {
        RequestMeter meter = part.meter();
        for (Map.Entry<String, String> warning :
                warnings(part.stream().warnings()).entrySet()) {
            response = response.withHeader(warning.getKey(), warning.getValue());
        }
        double decode = millis(meter.elapsed().minus(meter.queueTime()).minus(meter.prefillTime()));
        return response.withHeader(HEADER, untilTokens(meter) + ", decode;dur=" + Math.max(0, decode));
    }

    /** Waiting and the prompt. */
    static String untilTokens(RequestMeter meter) {
        return "queue;dur=" + millis(meter.queueTime()) + ", prefill;dur=" + millis(meter.prefillTime());
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1000 / 1e3;
    }
}
