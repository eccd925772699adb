package tokamak.backend.cpu.x64;

/**
 * Where the packed bytes of an integer-coded weight lie. Rows are taken in panels of as many as a register has 32-bit
 * lanes; a panel is read front to back:
 *
 * <pre>
 * block:  header [scales x lanes] [mins x lanes]   then groups of 32 numbers
 * group:  sub-block factors [lanes bytes] ...  low bits [register] ...  high bits [register] ...
 * </pre>
 *
 * A register of codes holds four neighbouring numbers of each row; with four bits per code it serves two steps (low half
 * first), with two bits four, with one bit eight.
 */
record PackedLayout(QuantFormat format, int lanes) {
    static final int STEPS = QuantFormat.GROUP / DotMode.STEP;

    static PackedLayout of(QuantFormat format, Isa isa) {
        return new PackedLayout(format, isa.lanes());
    }

    int registerBytes() {
        return DotMode.STEP * lanes;
    }

    int headerBytes() {
        return format.scales.headerBytes * lanes;
    }

    /** Bytes of the factors of one group. */
    int factorBytes() {
        return format.scales.subBlockBytes * format.subBlocksPerGroup() * lanes;
    }

    /** Offset in a group of the scale factors of a sub-block; its minimum's factors follow. */
    int factorOffset(int subBlockIndex) {
        return format.scales.subBlockBytes * subBlockIndex * lanes;
    }

    int stepsPerLowRegister() {
        return 8 / format.lowBits;
    }

    int stepsPerHighRegister() {
        return 8 / format.highBits;
    }

    int lowOffset(int step) {
        return factorBytes() + step / stepsPerLowRegister() * registerBytes();
    }

    int highOffset(int step) {
        int lowBytes = STEPS / stepsPerLowRegister() * registerBytes();
        return factorBytes() + lowBytes + step / stepsPerHighRegister() * registerBytes();
    }

    int groupBytes() {
        int codeBits = format.lowBits + format.highBits;
        return factorBytes() + QuantFormat.GROUP * codeBits / 8 * lanes;
    }

    int blockBytes() {
        return headerBytes() + format.groupsPerBlock() * groupBytes();
    }

    long panelBytes(long columns) {
        return columns / format.dtype.blockSize() * blockBytes();
    }

    long bytes(long rows, long columns) {
        return Math.multiplyExact((rows + lanes - 1) / lanes, panelBytes(columns));
    }
}
