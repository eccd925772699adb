package tokamak.text;

import java.util.OptionalInt;

/** What every token id stands for. */
public interface Vocabulary {
    /** One more than the largest id. A model's logits may be wider than this (padding). */
    int size();

    /** The token as the file spells it (with its own encoding of spaces and bytes), or "" for an unused id. */
    String piece(int id);

    /** The id of a token as the file spells it. */
    OptionalInt idOf(String piece);

    /** The UTF-8 bytes that the token adds to the middle of a text; empty for special and unused ids. */
    byte[] bytes(int id);

    /** Control tokens, such as end of text: never part of a visible answer. */
    boolean isSpecial(int id);
}
