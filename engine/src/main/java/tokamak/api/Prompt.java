package tokamak.api;

import java.util.Arrays;

/** What the answer follows. */
public sealed interface Prompt {
    /** Plain text; the model's beginning-of-text and similar tokens are put around it. */
    record Text(String text) implements Prompt {}

    /** Token ids, taken as they are. */
    record Tokens(int[] ids) implements Prompt {
        public Tokens {
            ids = ids.clone();
        }

        @Override
        public int[] ids() {
            return ids.clone();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(ids);
        }

        @Override
        public String toString() {
            return "Tokens" + Arrays.toString(ids);
        }
    }
}
