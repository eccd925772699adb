package tokamak.backend;

/** Keys and values of all tokens in blocks of device memory. Thinks in bytes and slots; knows no sequences. */
public interface KvCache extends BlockMemory, AutoCloseable {
    KvLayout layout();

    /** How the numbers of a block lie: where this is equal, equal bytes are equal keys and values. */
    String format();

    @Override
    default long blockBytes() {
        return layout().blockBytes();
    }

    @Override
    void close();
}
