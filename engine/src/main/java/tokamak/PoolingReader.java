package tokamak;

import java.io.IOException;
import java.util.Optional;
import tokamak.api.Pooling;
import tokamak.file.Checkpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;

/**
 * Finds out how a model's embeddings were trained: {@code ARCH.pooling_type} of GGUF files, {@code modules.json} and the
 * pooling folder of sentence-transformers. The last token's state for models that do not say.
 */
final class PoolingReader {
    private static final System.Logger LOG = System.getLogger("tokamak.engine");

    // The numbers of GGUF files.
    private static final int GGUF_NONE = 0;
    private static final int GGUF_MEAN = 1;
    private static final int GGUF_FIRST = 2;
    private static final int GGUF_LAST = 3;

    private PoolingReader() {}

    /** A model whose pooling can't be read can still do everything else. */
    static Pooling read(Checkpoint checkpoint) throws IOException {
        try {
            Optional<Metadata> folder = checkpoint.json("1_Pooling/config.json");
            return folder.isPresent() ? ofFolder(folder.get()) : ofGguf(checkpoint.metadata());
        } catch (ModelFormatException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}; embeddings are the last token''s state", e.getMessage());
            return Pooling.LAST;
        }
    }

    private static Pooling ofGguf(Metadata metadata) throws ModelFormatException {
        String key = metadata.string("general.architecture", "") + ".pooling_type";
        long type = metadata.integer(key, GGUF_NONE);
        return switch ((int) type) {
            case GGUF_NONE, GGUF_LAST -> Pooling.LAST;
            case GGUF_MEAN -> Pooling.MEAN;
            case GGUF_FIRST -> Pooling.FIRST;
            default ->
                throw new ModelFormatException(metadata.source() + ": " + key
                        + " must be 0 (none), 1 (mean), 2 (first) or 3 (last), found " + type);
        };
    }

    private static Pooling ofFolder(Metadata config) throws ModelFormatException {
        if (config.flag("pooling_mode_lasttoken", false)) {
            return Pooling.LAST;
        }
        if (config.flag("pooling_mode_mean_tokens", false)) {
            return Pooling.MEAN;
        }
        if (config.flag("pooling_mode_cls_token", false)) {
            return Pooling.FIRST;
        }
        throw new ModelFormatException(config.source()
                + ": expected pooling by the last token, the mean or the class token, found none of them");
    }
}
