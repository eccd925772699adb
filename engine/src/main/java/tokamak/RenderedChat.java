package tokamak;

import java.util.Arrays;

/**
 * A chat as the one text that the model continues.
 *
 * @param text special tokens written out
 * @param literalRanges start, end, start, end ... of those parts in which special tokens are ordinary text, because a
 *     person wrote them and not the template
 */
public record RenderedChat(String text, int[] literalRanges) {
    /** Its first characters. */
    RenderedChat first(int length) {
        int[] ranges = Arrays.stream(literalRanges).filter(at -> at <= length).toArray();
        return new RenderedChat(
                text.substring(0, length), ranges.length % 2 == 0 ? ranges : Arrays.copyOf(ranges, ranges.length - 1));
    }

    /**
     * Up to the end of the last occurrence of a text.
     *
     * @return all of it where the text does not occur
     */
    public RenderedChat upTo(String end) {
        int at = text.lastIndexOf(end);
        return at < 0 ? this : first(at + end.length());
    }
}
