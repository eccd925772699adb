package tokamak.server.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A small run of {@link RequestFuzz}, whose {@code main} does twenty thousand. */
class RequestFuzzTest {
    @Test
    void wrongRequestsNeverFailHangOrFillTheLog() throws Exception {
        RequestFuzz.Outcome outcome = RequestFuzz.run(1200, 7);
        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.logRecords()).isLessThan(20);
        assertThat(outcome.answers().keySet()).contains("200", "400", "404");
    }
}
