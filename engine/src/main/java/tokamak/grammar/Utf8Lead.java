package tokamak.grammar;

import org.jspecify.annotations.Nullable;

/** First bytes of characters beyond ASCII and what may follow them (Unicode 15, table 3-7); all later bytes are 80 to BF. */
enum Utf8Lead {
    TWO(0xc2, 0xdf, 0x80, 0xbf, 1),
    THREE_FIRST(0xe0, 0xe0, 0xa0, 0xbf, 2),
    THREE(0xe1, 0xec, 0x80, 0xbf, 2),
    THREE_BEFORE_SURROGATES(0xed, 0xed, 0x80, 0x9f, 2),
    THREE_LAST(0xee, 0xef, 0x80, 0xbf, 2),
    FOUR_FIRST(0xf0, 0xf0, 0x90, 0xbf, 3),
    FOUR(0xf1, 0xf3, 0x80, 0xbf, 3),
    FOUR_LAST(0xf4, 0xf4, 0x80, 0x8f, 3);

    final int low;
    final int high;
    final int secondLow;
    final int secondHigh;
    final int numFollowing;

    Utf8Lead(int low, int high, int secondLow, int secondHigh, int numFollowing) {
        this.low = low;
        this.high = high;
        this.secondLow = secondLow;
        this.secondHigh = secondHigh;
        this.numFollowing = numFollowing;
    }

    static @Nullable Utf8Lead of(int first) {
        for (Utf8Lead lead : values()) {
            if (first >= lead.low && first <= lead.high) {
                return lead;
            }
        }
        return null;
    }
}
