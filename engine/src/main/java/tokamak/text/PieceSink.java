package tokamak.text;

/** Takes the parts of a text, from left to right. */
@FunctionalInterface
interface PieceSink {
    /**
     * The part of {@code text} from one index to another, never empty.
     *
     * @param first the part begins where the whole input begins
     */
    void accept(String text, int from, int to, boolean first);
}
