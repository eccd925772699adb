package tokamak.chat;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text that has come and is not understood yet. */
final class Input {
    /** Whether a text stands at the beginning. */
    enum Match {
        YES,
        NO,
        /** What is there so far fits. */
        UNKNOWN
    }

    private final StringBuilder text = new StringBuilder();
    private int at;
    private int mark = -1;
    private boolean ended;

    void add(String more) {
        if (mark < 0 && at > 0) {
            text.delete(0, at);
            at = 0;
        }
        text.append(more);
    }

    /** No more text will come. */
    void end() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }

    boolean isEmpty() {
        return at == text.length();
    }

    int length() {
        return text.length() - at;
    }

    char charAt(int index) {
        return text.charAt(at + index);
    }

    int indexOf(String wanted) {
        int index = text.indexOf(wanted, at);
        return index < 0 ? -1 : index - at;
    }

    String take(int length) {
        String taken = text.substring(at, at + length);
        at += length;
        return taken;
    }

    /**
     * @param text up to the marker; where none is there, all that cannot be the beginning of one
     * @param marker the first in the text, which is still to be skipped; null if there is none
     */
    record Stretch(String text, @Nullable String marker) {}

    Stretch takeTo(List<String> markers) {
        int first = -1;
        String found = null;
        int held = 0;
        for (String marker : markers) {
            int index = indexOf(marker);
            if (index >= 0 && (first < 0 || index < first)) {
                first = index;
                found = marker;
            }
            held = Math.max(held, pendingPrefix(marker));
        }
        return new Stretch(take(found == null ? length() - held : first), found);
    }

    void skip(int length) {
        at += length;
    }

    void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    /** Goes on behind a text if it stands here, whitespace around it left aside. */
    Match accept(String literal) {
        String wanted = literal.strip();
        if (wanted.isEmpty()) {
            return Match.YES;
        }
        skipSpace();
        Match match = matches(wanted);
        if (match == Match.YES) {
            at += wanted.length();
        }
        return match;
    }

    private Match matches(String wanted) {
        int available = Math.min(wanted.length(), length());
        for (int i = 0; i < available; i++) {
            if (charAt(i) != wanted.charAt(i)) {
                return Match.NO;
            }
        }
        return available == wanted.length() ? Match.YES : ended ? Match.NO : Match.UNKNOWN;
    }

    /** How many characters at the end may be the beginning of this text. */
    int pendingPrefix(String wanted) {
        if (ended) {
            return 0;
        }
        for (int length = Math.min(wanted.length() - 1, length()); length > 0; length--) {
            boolean fits = true;
            for (int i = 0; i < length && fits; i++) {
                fits = text.charAt(text.length() - length + i) == wanted.charAt(i);
            }
            if (fits) {
                return length;
            }
        }
        return 0;
    }

    /** Remembers this place, to come back to it. */
    void mark() {
        mark = at;
    }

    boolean isMarked() {
        return mark >= 0;
    }

    void unmark() {
        mark = -1;
    }

    void returnToMark() {
        at = mark;
        mark = -1;
    }
}
