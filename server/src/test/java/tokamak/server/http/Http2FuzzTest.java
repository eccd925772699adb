package tokamak.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A small run of {@link Http2Fuzz}, whose {@code main} does twenty thousand. */
class Http2FuzzTest {
    @Test
    void wrongFramesHarmNobody() throws Exception {
        Http2Fuzz.Outcome outcome = Http2Fuzz.run(300, 7);
        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.statuses()).containsKeys(200, 400);
    }
}
