package tokamak.server.http;

import java.util.Map;

/** A piece of an answer, in no protocol's words: the {@link Transport} says it in those of its client. */
sealed interface Part {
    /** Whether nothing of this answer follows. */
    boolean isLast();

    /** Bytes that wait in memory until the client takes them. */
    int numBytes();

    /** An answer in one piece. @param headers without those that frame the message */
    record Whole(int status, Map<String, String> headers, byte[] body) implements Part {
        @Override
        public boolean isLast() {
            return true;
        }

        @Override
        public int numBytes() {
            return body.length;
        }

        /** Whether this status may have a body (RFC 9110, 6.4.1). */
        boolean hasBody() {
            return status != 204 && status != 304;
        }
    }

    /** The beginning of an answer whose length is not known. */
    record Head(int status, Map<String, String> headers) implements Part {
        @Override
        public boolean isLast() {
            return false;
        }

        @Override
        public int numBytes() {
            return 0;
        }
    }

    /** More of it. */
    record Data(byte[] bytes) implements Part {
        @Override
        public boolean isLast() {
            return false;
        }

        @Override
        public int numBytes() {
            return bytes.length;
        }
    }

    record End() implements Part {
        @Override
        public boolean isLast() {
            return true;
        }

        @Override
        public int numBytes() {
            return 0;
        }
    }
}
