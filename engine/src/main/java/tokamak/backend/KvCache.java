package tokamak.backend;

/** Keys and values of all tokens in blocks of device memory. Thinks in bytes and slots; knows no sequences. */
public interface KvCache extends AutoCloseable {
    KvLayout layout();

    int numBlocks();

    @Override
    void close();
}
