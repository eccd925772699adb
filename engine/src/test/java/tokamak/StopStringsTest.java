package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    private static String random(SplittableRandom random, int maxLength) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(1, maxLength + 1);
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(3)));
        }
        return text.toString();
    }

    /** Cuts at the stop string that is complete first, character by character. */
    private static String expected(String text, List<String> stops, boolean included) {
        for (int end = 1; end <= text.length(); end++) {
            String best = null;
            for (String stop : stops) {
                if (text.substring(0, end).endsWith(stop) && (best == null || stop.length() > best.length())) {
                    best = stop;
                }
            }
            if (best != null) {
                return text.substring(0, included ? end : end - best.length());
            }
        }
        return text;
    }

    @Test
    void findsTheSameWhereverThePiecesPart() {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 20_000; round++) {
            String text = random(random, 30);
            List<String> stops = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                stops.add(random(random, 6));
            }
            boolean included = random.nextBoolean();
            StopStrings matcher = new StopStrings(stops, included);
            StringBuilder out = new StringBuilder();
            int at = 0;
            while (at < text.length() && matcher.found().isEmpty()) {
                int next = Math.min(text.length(), at + random.nextInt(1, 8));
                out.append(matcher.accept(text.substring(at, next)));
                at = next;
            }
            if (matcher.found().isEmpty()) {
                out.append(matcher.finish(""));
            }
            assertThat(out.toString()).as("%s in %s", stops, text).isEqualTo(expected(text, stops, included));
        }
    }

    @Test
    void nothingThatMayBelongToAStopStringIsLetThrough() {
        StopStrings matcher = new StopStrings(List.of("</s>", "###"), false);
        assertThat(matcher.accept("a<")).isEqualTo("a");
        assertThat(matcher.accept("/")).isEmpty();
        assertThat(matcher.accept("b##")).isEqualTo("</b");
        assertThat(matcher.accept("#c")).isEmpty();
        assertThat(matcher.found()).isEqualTo(Optional.of("###"));
    }
}
