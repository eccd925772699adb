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
    private final byte[] rowBytes;

    QuantPacker(QuantFormat format, Isa isa, long columns) {
        this.format = format;
        this.layout = PackedLayout.of(format, isa);
        this.columns = columns;
        // vpsignb wants signed values where vpdpbusd wants unsigned ones
        boolean signed = format.lowBits == 8 && DotMode.of(format, isa) == DotMode.SIGNED;
        this.codeFlip = signed ? 0x80 : 0;
        this.rowBytes = new byte[Math.toIntExact(format.dtype.bytes(columns))];
    }

    /**
     * Packs the panel that begins at row {@code firstRow}. Rows the tensor doesn't have get scales of zero.
     *
     * @param source {@code [rows]} of the format's blocks
     * @param target {@link PackedLayout#panelBytes} bytes, zeroed
     */
    void packPanel(MemorySegment source, long rows, long firstRow, MemorySegment target) {
        for (int lane = 0; lane < layout.lanes() && firstRow + lane < rows; lane++) {
            MemorySegment.copy(source, JAVA_BYTE, (firstRow + lane) * rowBytes.length, rowBytes, 0, rowBytes.length);
            long numBlocks = columns / format.dtype.blockSize();
            for (int i = 0; i < numBlocks; i++) {
                block.read(format, rowBytes, i * format.dtype.blockBytes());
                packBlock(target, (long) i * layout.blockBytes(), lane);
            }
        }
    }

    private void packBlock(MemorySegment target, long at, int lane) {
        int lanes = layout.lanes();
        if (format.scales == QuantFormat.Scales.E8M0) {
            target.set(JAVA_BYTE, at + lane, (byte) block.scale);
        } else {
            target.set(JAVA_SHORT_UNALIGNED, at + 2L * lane, (short) block.scale);
        }
        if (format.scales.hasMin) {
            target.set(JAVA_SHORT_UNALIGNED, at + 2L * lanes + 2L * lane, (short) block.min);
        }
        for (int group = 0; group < format.groupsPerBlock(); group++) {
            long groupAt = at + layout.headerBytes() + (long) group * layout.groupBytes();
            packFactors(target, groupAt, group, lane);
            packCodes(target, groupAt, group, lane);
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
        int lowMask = (1 << format.lowBits) - 1;
        int perLow = layout.stepsPerLowRegister();
        for (int step = 0; step < PackedLayout.STEPS; step += perLow) {
            put(
                    target,
                    groupAt + layout.lowOffset(step),
                    lane,
                    gather(group, step, perLow, format.lowBits, 0, lowMask));
        }
        if (format.highBits > 0) {
            int highMask = (1 << format.highBits) - 1;
            int perHigh = layout.stepsPerHighRegister();
            for (int step = 0; step < PackedLayout.STEPS; step += perHigh) {
                int word = gather(group, step, perHigh, format.highBits, format.lowBits, highMask);
                put(target, groupAt + layout.highOffset(step), lane, word);
            }
        }
    }

    /** Four bytes, each with the {@code bits} bits from {@code shift} up of {@code numSteps} codes, four numbers apart. */
    private int gather(int group, int step, int numSteps, int bits, int shift, int mask) {
        int word = 0;
        for (int i = 0; i < DotMode.STEP; i++) {
            for (int s = 0; s < numSteps; s++) {
                int code = (block.codes[QuantFormat.GROUP * group + DotMode.STEP * (step + s) + i] ^ codeFlip) & 0xFF;
                word |= (code >> shift & mask) << 8 * i + bits * s;
            }
        }
        return word;
    }

    private static void put(MemorySegment target, long registerAt, int lane, int word) {
        target.set(JAVA_INT_UNALIGNED, registerAt + (long) DotMode.STEP * lane, word);
    }
}
