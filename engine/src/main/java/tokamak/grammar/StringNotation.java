package tokamak.grammar;

import java.util.List;

/** How strings and keys are written. */
interface StringNotation {
    /** Characters as they stand in a string. */
    Alphabet alphabet();

    /** Any character in any spelling. */
    Regex anySpelling();

    /** The spellings of a text that writers use, as they stand in a string. */
    List<String> spellings(String text);

    /** A string with this in it. */
    Regex string(Regex text);

    /** The usual spelling of a string. */
    String whole(String text);

    /** The usual spelling of a key. */
    String wholeKey(String text);

    /** A key with this text. */
    Regex key(Regex text);
}
