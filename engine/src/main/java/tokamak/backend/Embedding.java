package tokamak.backend;

/** A table of vectors {@code [numRows, columns]} that are looked up by row. Belongs to the backend that loaded it. */
public interface Embedding {
    int numRows();

    int columns();
}
