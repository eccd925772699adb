package tokamak.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessTest {
    private final AtomicLong now = new AtomicLong(1);

    private static ApiKey key(String name, String key, KeyLimits limits) {
        return new ApiKey(name, HexFormat.of().formatHex(ApiKey.hash(key)), limits);
    }

    private Caller caller(KeyLimits limits) {
        Access access = Access.of(List.of(key("a", "secret", limits)), now::get);
        return access.identify(Optional.of("Bearer secret")).orElseThrow();
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void onlyKnownKeysComeIn() {
        Access access = Access.of(List.of(ApiKey.of("a", "one"), ApiKey.of("b", "two")));
        assertThat(access.identify(Optional.of("Bearer two")).orElseThrow().name())
                .isEqualTo("b");
        assertThat(access.identify(Optional.of("bearer  one")).orElseThrow().name())
                .isEqualTo("a");
        for (String wrong : List.of("", "Bearer", "Bearer ", "Bearer on", "Bearer one two", "Basic one", "one")) {
            assertThat(access.identify(Optional.of(wrong))).as(wrong).isEmpty();
        }
        assertThat(access.identify(Optional.empty())).isEmpty();
        assertThat(Access.open().identify(Optional.empty())).isPresent();
    }

    @Test
    void requestsPerMinuteComeBackSteadily() {
        Caller caller = caller(new KeyLimits(2, 0, 0, KeyLimits.ANY_PRIORITY, Set.of()));
        caller.enter().close();
        caller.enter().close();
        assertThatThrownBy(caller::enter)
                .isInstanceOfSatisfying(
                        LimitReachedException.class,
                        e -> assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(30)));
        pass(Duration.ofSeconds(30));
        caller.enter().close();
        assertThatThrownBy(caller::enter).isInstanceOf(LimitReachedException.class);
    }

    @Test
    void whoHasTakenTooManyTokensWaits() {
        Caller caller = caller(new KeyLimits(0, 600, 0, KeyLimits.ANY_PRIORITY, Set.of()));
        try (Caller.Visit visit = caller.enter()) {
            visit.charge(900);
        }
        assertThatThrownBy(caller::enter)
                .isInstanceOf(LimitReachedException.class)
                .hasMessageContaining("600 tokens");
        pass(Duration.ofSeconds(29));
        assertThatThrownBy(caller::enter).isInstanceOf(LimitReachedException.class);
        pass(Duration.ofSeconds(2));
        caller.enter().close();
    }

    @Test
    void requestsAtOnceAreCounted() {
        Caller caller = caller(new KeyLimits(0, 0, 1, KeyLimits.ANY_PRIORITY, Set.of()));
        Caller.Visit visit = caller.enter();
        assertThatThrownBy(caller::enter).isInstanceOf(LimitReachedException.class);
        visit.close();
        caller.enter().close();
    }

    @Test
    void theKeyFileIsCheckedAndNamesWhatIsWrong(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("keys.json");
        String hash = HexFormat.of().formatHex(ApiKey.hash("k"));
        Files.writeString(
                file, "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"max_concurrent\": 3, \"models\": [\"m\"]}]");
        Caller caller =
                Access.of(List.of(), file).identify(Optional.of("Bearer k")).orElseThrow();
        assertThat(caller.name()).isEqualTo("n");
        assertThat(caller.limits()).isEqualTo(new KeyLimits(0, 0, 3, KeyLimits.ANY_PRIORITY, Set.of("m")));
        for (String wrong : List.of(
                "{}",
                "[",
                "[{}]",
                "[{\"name\": \"n\"}]",
                "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"rpm\": 1}]",
                "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"requests_per_minute\": \"ten\"}]",
                "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"max_concurrent\": 1.5}]",
                "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"models\": \"m\"}]",
                "[{\"name\": \"n\", \"sha256\": \"" + hash + "\", \"admin\": \"no\"}]")) {
            Files.writeString(file, wrong);
            assertThatThrownBy(() -> Access.of(List.of(), file)).as(wrong).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
