package tokamak.text;

/**
 * A token that is looked for in the text before anything else happens to it.
 *
 * @param special a control token, left out of visible text
 * @param singleWord only where no word character touches it
 * @param leftStrip takes the white space before it along
 * @param rightStrip takes the white space after it along
 * @param normalized looked for after normalising, in its own normal form
 */
record AddedToken(
        int id,
        String content,
        boolean special,
        boolean singleWord,
        boolean leftStrip,
        boolean rightStrip,
        boolean normalized) {}
