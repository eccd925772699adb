package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Brings rows of an integer-coded tensor into the kernels' order, panel by panel. One thread each. */
final class QuantPacker {
    private final QuantFormat format;
    private final PackedLayout layout;
    private final long columns;
    private final int codeFlip;
    private final BlockCodes block = new BlockCodes();
    private final byte[] blockBytes;

    QuantPacker(QuantFormat format, Isa isa, long columns) {
        this.format = format;
        this.layout = PackedLayout.of(format, isa);
        this.columns = columns;
        // vpsignb wants signed values where vpdpbusd wants unsigned ones
        boolean signed = format.lowBits == 8 && DotMode.of(format, isa) == DotMode.SIGNED;
        this.codeFlip = signed ? 0x80808080 : 0;
        this.blockBytes = new byte[format.dtype.blockBytes()];
    }

    /**
     * Packs the panel that begins at row {@code firstRow}. Rows the tensor doesn't have get scales of zero.
     *
     * @param source {@code [rows]} of the format's blocks
     * @param target {@link PackedLayout#panelBytes} bytes, zeroed
     */
    void packPanel(MemorySegment source, long rows, long firstRow, MemorySegment target) {
        int lanes = (int) Math.min(layout.lanes(), rows - firstRow);
        long numBlocks = columns / format.dtype.blockSize();
        long rowBytes = format.dtype.bytes(columns);
        // block by block, so that what the rows write together stays in the nearest cache
        for (long i = 0; i < numBlocks; i++) {
            for (int lane = 0; lane < lanes; lane++) {
                long from = (firstRow + lane) * rowBytes + i * blockBytes.length;
                MemorySegment.copy(source, JAVA_BYTE, from, blockBytes, 0, blockBytes.length);
                block.read(format, blockBytes, 0);
                packBlock(target, i * layout.blockBytes(), lane);
            }
        }
    }

    private void packBlock(MemorySegment target, long at, int lane) {
        packHeader(target, at, lane);
        for (int group = 0; group < format.groupsPerBlock(); group++) {
            long groupAt = at + layout.headerBytes() + (long) group * layout.groupBytes();
            packFactors(target, groupAt, group, lane);
            packCodes(target, groupAt, group, lane);
        }
    }

    private void packHeader(MemorySegment target, long at, int lane) {
        int lanes = layout.lanes();
        byte zero = (byte) (block.zero ^ codeFlip);
        switch (format.scales) {
            case UE5M3 -> {} // sub-blocks have scales, blocks have not
            case E8M0 -> target.set(JAVA_BYTE, at + lane, (byte) block.scale);
            case F32 -> target.set(JAVA_INT_UNALIGNED, at + 4L * lane, block.scale);
            case F32_AND_ZERO -> {
                target.set(JAVA_INT_UNALIGNED, at + 4L * lane, block.scale);
                target.set(JAVA_BYTE, at + 4L * lanes + lane, zero);
            }
            case F16, SUPER -> target.set(JAVA_SHORT_UNALIGNED, at + 2L * lane, (short) block.scale);
            case F16_AND_ZERO -> {
                target.set(JAVA_SHORT_UNALIGNED, at + 2L * lane, (short) block.scale);
                target.set(JAVA_BYTE, at + 2L * lanes + lane, zero);
            }
            case F16_AND_MIN, SUPER_AND_MIN, SUPER_NIBBLES -> {
                target.set(JAVA_SHORT_UNALIGNED, at + 2L * lane, (short) block.scale);
                target.set(JAVA_SHORT_UNALIGNED, at + 2L * lanes + 2L * lane, (short) block.min);
            }
        }
    }

    private void packFactors(MemorySegment target, long groupAt, int group, int lane) {
        int perGroup = format.subBlocksPerGroup();
        for (int sub = 0; sub < perGroup && format.scales.subBlockBytes > 0; sub++) {
            long place = groupAt + layout.factorOffset(sub) + lane;
            target.set(JAVA_BYTE, place, block.scaleFactors[group * perGroup + sub]);
            if (format.scales.subBlockBytes == 2) {
                target.set(JAVA_BYTE, place + layout.lanes(), block.minFactors[group * perGroup + sub]);
            }
        }
    }

    private void packCodes(MemorySegment target, long groupAt, int group, int lane) {
        int perLow = layout.stepsPerLowRegister();
        for (int step = 0; step < PackedLayout.STEPS; step += perLow) {
            put(target, groupAt + layout.lowOffset(step), lane, gather(group, step, format.lowBits, 0));
        }
        if (format.highBits > 0) {
            int perHigh = layout.stepsPerHighRegister();
            for (int step = 0; step < PackedLayout.STEPS; step += perHigh) {
                int word = gather(group, step, format.highBits, format.lowBits);
                put(target, groupAt + layout.highOffset(step), lane, word);
            }
        }
    }

    /** Four bytes, each filled with the {@code bits} bits from {@code shift} up of codes that are four numbers apart. */
    private int gather(int group, int step, int bits, int shift) {
        int mask = ((1 << bits) - 1) * 0x01010101;
        int word = 0;
        for (int i = 0; i < 8 / bits; i++) {
            int four = block.codes[PackedLayout.STEPS * group + step + i] ^ codeFlip;
            word |= (four >>> shift & mask) << bits * i;
        }
        return word;
    }

    private static void put(MemorySegment target, long registerAt, int lane, int word) {
        target.set(JAVA_INT_UNALIGNED, registerAt + (long) DotMode.STEP * lane, word);
    }
}
