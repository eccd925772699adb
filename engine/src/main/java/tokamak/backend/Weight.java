package tokamak.backend;

/**
 * The matrix of a linear layer as its backend keeps it: {@code [outFeatures, inFeatures]}, possibly repacked, possibly made
 * of several tensors stacked along the output (so that query, key and value are one multiplication). Belongs to the
 * backend that loaded it and lives as long as that backend.
 */
public interface Weight {
    int outFeatures();

    int inFeatures();

    /** Bytes read per multiplication by this matrix. */
    long bytes();
}
