package tokamak.text.jinja;

import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Values that can be taken once, in order; true in a test even if there are none, as in Python. */
record Generator(String type, Iterator<@Nullable Object> iterator) {
    Generator(Iterator<@Nullable Object> iterator) {
        this("generator", iterator);
    }
}
