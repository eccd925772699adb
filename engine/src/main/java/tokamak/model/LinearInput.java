package tokamak.model;

import tokamak.backend.Buffer;

/** The places in a decoder where linear layers get their input; those of one place in one layer see the same numbers. */
public enum LinearInput {
    /** Of query, key and value. */
    MIXER,
    /** Of the matrix that puts the heads together. */
    MIXER_OUTPUT,
    /** Of gate and up, of router and experts too. */
    FEED,
    /** Of the dense down matrix. */
    FEED_DOWN,
    /** Of the down matrix of the expert that all tokens share. */
    SHARED_DOWN,
    /** Of an expert's down matrix: never shown to an {@link Observer}. */
    EXPERT_DOWN,
    /** Of the matrix that makes logits; layer 0. */
    OUTPUT;

    /** Is shown what linear layers see, as long as a call lasts. */
    @FunctionalInterface
    public interface Observer {
        /** @param x its first {@code rows} rows, one for every token */
        void observe(int layer, LinearInput input, int rows, Buffer x);
    }
}
