package tokamak.backend.cpu.x64;

/** How much of a vector register an instruction works on; the ordinal is the length field of VEX and EVEX. */
enum Width {
    X(16),
    Y(32),
    Z(64);

    private final int bytes;

    Width(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /** Number of 32-bit lanes. */
    int lanes() {
        return bytes / 4;
    }
}
