package tokamak.backend.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A folder for the packed weights of models, so that a second start need not pack them again.
 *
 * @param folder made when it is needed
 * @param maxBytes of all images together; the one unused for longest goes first
 */
public record PackCache(Path folder, long maxBytes) {
    private static final long USUAL_BYTES = 20L << 30;
    private static final int SHARE_OF_DISK = 4;

    /** With the usual bound: 20 GiB, but at most a quarter of the disk. */
    public static PackCache in(Path folder) {
        return new PackCache(folder, Math.min(USUAL_BYTES, diskBytes(folder) / SHARE_OF_DISK));
    }

    /** Size of the disk that a folder, which need not be there yet, is on. */
    public static long diskBytes(Path folder) {
        for (Path there = folder.toAbsolutePath(); there != null; there = there.getParent()) {
            if (Files.exists(there)) {
                try {
                    return Files.getFileStore(there).getTotalSpace();
                } catch (IOException e) {
                    return Long.MAX_VALUE; // a disk that does not say
                }
            }
        }
        return Long.MAX_VALUE;
    }
}
