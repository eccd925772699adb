package tokamak.grammar;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Bytes that no expression of a pool tells apart share a class. */
final class ByteClasses {
    private final byte[] classOf; // [256]
    private final int[] representatives; // [count]

    private ByteClasses(byte[] classOf, int[] representatives) {
        this.classOf = classOf;
        this.representatives = representatives;
    }

    static ByteClasses of(Collection<ByteSet> sets) {
        int[] ids = new int[256];
        int count = 1;
        for (ByteSet set : sets) {
            if (count == 256) {
                break;
            }
            Map<Integer, Integer> renamed = new HashMap<>();
            for (int b = 0; b < 256; b++) {
                int key = 2 * ids[b] + (set.contains(b) ? 1 : 0);
                Integer id = renamed.get(key);
                if (id == null) {
                    id = renamed.size();
                    renamed.put(key, id);
                }
                ids[b] = id;
            }
            count = renamed.size();
        }
        byte[] classOf = new byte[256];
        int[] representatives = new int[count];
        for (int b = 255; b >= 0; b--) {
            classOf[b] = (byte) ids[b];
            representatives[ids[b]] = b;
        }
        return new ByteClasses(classOf, representatives);
    }

    int count() {
        return representatives.length;
    }

    int of(int value) {
        return classOf[value] & 0xff;
    }

    /** Any byte of the class. */
    int representative(int byteClass) {
        return representatives[byteClass];
    }
}
