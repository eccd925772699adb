package tokamak;

import java.util.List;
import java.util.Optional;

/**
 * Looks for stop strings in a text that comes in pieces, and holds back its end while that may be the beginning of one.
 * What is found does not depend on where the pieces part: the stop string that is complete first counts, of several that
 * are complete at the same character the one that began first.
 */
final class StopStrings {
    private final List<String> stops;
    private final boolean included;
    private final StringBuilder held = new StringBuilder();
    private Optional<String> found = Optional.empty();

    /** @param included whether the stop string is part of the text that is let through */
    StopStrings(List<String> stops, boolean included) {
        this.stops = stops;
        this.included = included;
    }

    /** Takes the next piece; returns what can be let through. Not to be called once a stop string has been found. */
    String accept(String piece) {
        if (stops.isEmpty() || piece.isEmpty()) {
            return piece;
        }
        held.append(piece);
        int start = -1;
        int end = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            int itsEnd = at + stop.length();
            if (at >= 0 && (itsEnd < end || itsEnd == end && at < start)) {
                start = at;
                end = itsEnd;
                found = Optional.of(stop);
            }
        }
        if (found.isPresent()) {
            String text = held.substring(0, included ? end : start);
            held.setLength(0);
            return text;
        }
        return release(held.length() - lengthOfPossibleStart());
    }

    /** Takes the last piece and returns all that is left, up to a stop string if there is one after all. */
    String finish(String piece) {
        String text = accept(piece);
        return found.isPresent() ? text : text + release(held.length());
    }

    /** The stop string that has been found. */
    Optional<String> found() {
        return found;
    }

    private String release(int count) {
        String text = held.substring(0, count);
        held.delete(0, count);
        return text;
    }

    /** Length of the longest end of the held text that is the beginning of a stop string. */
    private int lengthOfPossibleStart() {
        for (int from = 0; from < held.length(); from++) {
            for (String stop : stops) {
                if (held.length() - from < stop.length() && isPrefix(stop, from)) {
                    return held.length() - from;
                }
            }
        }
        return 0;
    }

    private boolean isPrefix(String stop, int from) {
        for (int i = from; i < held.length(); i++) {
            if (held.charAt(i) != stop.charAt(i - from)) {
                return false;
            }
        }
        return true;
    }
}
