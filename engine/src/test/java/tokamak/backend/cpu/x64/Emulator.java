package tokamak.backend.cpu.x64;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs machine code instruction by instruction as the manuals say (Intel SDM, volume 2), so that kernels can be tried without
 * the processor they are for. Knows what linear kernels consist of and refuses everything else; memory outside what it was given is an
 * error. Denormal numbers are not flushed as the bfloat16 instructions do: give it ordinary ones.
 */
final class Emulator {
    private static final long END = 0x7FFF_0000L;
    private static final int RSP = 4;
    private static final int LANES = 16;

    private final List<MemorySegment> memory = new ArrayList<>();
    private final long[] general = new long[16];
    private final int[][] vectors = new int[32][LANES];
    private final int[] masks = new int[8];
    private final TileUnit tiles = new TileUnit(this);
    private final MemorySegment stack;
    private final MemorySegment code;
    private long next;
    private long result;
    private long left;
    private long right;
    private boolean compared;

    /** @param memory what the routine may touch besides its code and its stack */
    Emulator(byte[] routine, Arena arena, MemorySegment... memory) {
        code = arena.allocate(routine.length, 64);
        MemorySegment.copy(routine, 0, code, JAVA_BYTE, 0, routine.length);
        stack = arena.allocate(16384, 64);
        this.memory.addAll(List.of(memory));
        this.memory.add(code);
        this.memory.add(stack);
    }

    /** Calls the routine as System V does. */
    void call(long a, long b, long c, long d, long e, long f, long g, long h) {
        long[] saved = {3, 5, 12, 13, 14, 15};
        for (long register : saved) {
            general[(int) register] = 1000 + register;
        }
        long[] passed = {a, b, c, d, e, f};
        int[] registers = {7, 6, 2, 1, 8, 9};
        for (int i = 0; i < passed.length; i++) {
            general[registers[i]] = passed[i];
        }
        general[RSP] = stack.address() + stack.byteSize() - 24;
        long before = general[RSP];
        writeLong(before, END);
        writeLong(before + 8, g);
        writeLong(before + 16, h);
        next = code.address();
        while (next != END) {
            long from = next;
            try {
                step();
            } catch (IllegalStateException thrown) {
                throw new IllegalStateException(
                        "byte " + (from - code.address()) + " of the routine: " + thrown.getMessage(), thrown);
            }
        }
        for (long register : saved) {
            if (general[(int) register] != 1000 + register) {
                throw new IllegalStateException("register " + register + " was not given back");
            }
        }
        if (general[RSP] != before + 8) {
            throw new IllegalStateException("the stack is not as it was");
        }
        tiles.requireReleased();
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    private MemorySegment at(long address, long bytes) {
        for (MemorySegment segment : memory) {
            long offset = address - segment.address();
            if (offset >= 0 && offset + bytes <= segment.byteSize()) {
                return segment.asSlice(offset, bytes);
            }
        }
        throw new IllegalStateException(bytes + " bytes at " + Long.toHexString(address) + " belong to nobody");
    }

    int readByte(long address) {
        return at(address, 1).get(JAVA_BYTE, 0) & 0xFF;
    }

    int readInt(long address) {
        return at(address, 4).get(JAVA_INT_UNALIGNED, 0);
    }

    void writeInt(long address, int value) {
        at(address, 4).set(JAVA_INT_UNALIGNED, 0, value);
    }

    private long readLong(long address) {
        return at(address, 8).get(JAVA_LONG_UNALIGNED, 0);
    }

    private void writeLong(long address, long value) {
        at(address, 8).set(JAVA_LONG_UNALIGNED, 0, value);
    }

    private int fetch() {
        return readByte(next++);
    }

    private int fetchInt() {
        int value = readInt(next);
        next += 4;
        return value;
    }

    // ---- operands --------------------------------------------------------------------------------------------------

    /** A decoded ModRM byte: a register number, or an address. */
    private record Place(int reg, boolean isRegister, int register, long address) {}

    private record Prefix(int extendReg, int extendIndex, int extendBase) {}

    /** @param unit what 8-bit displacements count in; @param constantBytes still to come, for places relative to the next instruction */
    private Place place(Prefix p, int unit, int constantBytes) {
        int modRm = fetch();
        int mod = modRm >> 6;
        int reg = modRm >> 3 & 7 | p.extendReg;
        int low = modRm & 7;
        if (mod == 3) {
            return new Place(reg, true, low | p.extendBase | p.extendIndex << 1, 0);
        }
        if (mod == 0 && low == 5) {
            int distance = fetchInt();
            return new Place(reg, false, 0, next + constantBytes + distance);
        }
        long address;
        if (low == 4) {
            int sib = fetch();
            int index = sib >> 3 & 7 | p.extendIndex;
            address = general[sib & 7 | p.extendBase] + (index == 4 ? 0 : general[index] << (sib >> 6));
        } else {
            address = general[low | p.extendBase];
        }
        if (mod == 1) {
            address += (long) (byte) fetch() * unit;
        } else if (mod == 2) {
            address += fetchInt();
        }
        return new Place(reg, false, 0, address);
    }

    // ---- general-purpose instructions ------------------------------------------------------------------------------

    private void step() {
        int first = fetch();
        if (first == 0xC4 || first == 0xC5) {
            vex(first);
            return;
        }
        if (first == 0x62) {
            evex();
            return;
        }
        int rex = 0;
        if (first >> 4 == 4) {
            rex = first & 15;
            first = fetch();
        } else if (first == 0x66) {
            first = fetch();
        }
        Prefix p = new Prefix((rex & 4) << 1, (rex & 2) << 2, (rex & 1) << 3);
        boolean wide = (rex & 8) != 0;
        switch (first) {
            case 0x01, 0x09, 0x21, 0x29, 0x31, 0x39 -> {
                Place m = place(p, 1, 0);
                arithmetic(first >> 3, m.register, general[m.reg]);
            }
            case 0x81 -> {
                Place m = place(p, 1, 4);
                arithmetic(m.reg & 7, m.register, fetchInt());
            }
            case 0x83 -> {
                Place m = place(p, 1, 1);
                arithmetic(m.reg & 7, m.register, (byte) fetch());
            }
            case 0x05, 0x25, 0x2D, 0x3D -> arithmetic(first >> 3, 0, fetchInt());
            case 0x89 -> {
                Place m = place(p, 1, 0);
                if (m.isRegister) {
                    general[m.register] = general[m.reg];
                } else if (wide) {
                    writeLong(m.address, general[m.reg]);
                } else {
                    writeInt(m.address, (int) general[m.reg]);
                }
            }
            case 0x8B -> {
                Place m = place(p, 1, 0);
                general[m.reg] = wide ? readLong(m.address) : readInt(m.address) & 0xFFFF_FFFFL;
            }
            case 0x8D -> {
                Place m = place(p, 1, 0);
                general[m.reg] = m.address;
            }
            case 0xC1 -> {
                Place m = place(p, 1, 1);
                int count = fetch();
                general[m.register] = (m.reg & 7) == 4 ? general[m.register] << count : general[m.register] >>> count;
            }
            case 0xF7 -> {
                Place m = place(p, 1, 0);
                general[m.register] = -general[m.register];
            }
            case 0xC3 -> {
                next = readLong(general[RSP]);
                general[RSP] += 8;
            }
            case 0xEB, 0xE9 -> {
                int distance = first == 0xEB ? (byte) fetch() : fetchInt();
                next += distance;
            }
            case 0x90 -> {}
            case 0x0F -> twoBytes(p);
            default -> oneByte(first, p);
        }
    }

    private void oneByte(int opcode, Prefix p) {
        int register = opcode & 7 | p.extendBase;
        switch (opcode >> 3) {
            case 0x50 >> 3 -> {
                general[RSP] -= 8;
                writeLong(general[RSP], general[register]);
            }
            case 0x58 >> 3 -> {
                general[register] = readLong(general[RSP]);
                general[RSP] += 8;
            }
            case 0xB8 >> 3 -> general[register] = fetchInt() & 0xFFFF_FFFFL;
            case 0x70 >> 3, 0x78 >> 3 -> {
                int distance = (byte) fetch();
                next += holds(opcode & 15) ? distance : 0;
            }
            default -> throw unknown("opcode " + Integer.toHexString(opcode));
        }
    }

    private void twoBytes(Prefix p) {
        int opcode = fetch();
        switch (opcode) {
            case 0x18, 0x1F -> place(p, 1, 0);
            case 0xAF -> {
                Place m = place(p, 1, 0);
                general[m.reg] *= general[m.register];
            }
            default -> {
                if (opcode >> 4 != 8) {
                    throw unknown("opcode 0f " + Integer.toHexString(opcode));
                }
                int distance = fetchInt();
                next += holds(opcode & 15) ? distance : 0;
            }
        }
    }

    private void arithmetic(int what, int target, long value) {
        left = general[target];
        right = value;
        compared = what == 5 || what == 7;
        result = switch (what) {
            case 0 -> left + right;
            case 1 -> left | right;
            case 4 -> left & right;
            case 5, 7 -> left - right;
            case 6 -> left ^ right;
            default -> throw unknown("arithmetic " + what);
        };
        if (what != 7) {
            general[target] = result;
        }
    }

    private boolean holds(int condition) {
        if (condition > 5 && !compared) {
            throw unknown("a comparison of what was not subtracted");
        }
        return switch (condition) {
            case 4 -> result == 0;
            case 5 -> result != 0;
            case 0xC -> left < right;
            case 0xF -> left > right;
            default -> throw unknown("condition " + condition);
        };
    }

    private static IllegalStateException unknown(String what) {
        return new IllegalStateException(what + " is not emulated");
    }

    // ---- vector instructions ---------------------------------------------------------------------------------------

    /** What stands before the opcode of a vector instruction. */
    private record Vector(
            Prefix p, int prefix, int map, int vvvv, int lanes, boolean broadcast, int mask, boolean evex) {}

    private void vex(int first) {
        int top = first == 0xC5 ? fetch() : 0;
        Prefix p = new Prefix((~top >> 7 & 1) << 3, 0, 0);
        int map = 1;
        int second = top;
        if (first == 0xC4) {
            top = fetch();
            second = fetch();
            p = new Prefix((~top >> 7 & 1) << 3, (~top >> 6 & 1) << 3, (~top >> 5 & 1) << 3);
            map = top & 31;
        }
        int lanes = (second >> 2 & 1) == 1 ? 8 : 4;
        vector(new Vector(p, second & 3, map, ~second >> 3 & 15, lanes, false, 0, false));
    }

    private void evex() {
        int first = fetch();
        int second = fetch();
        int third = fetch();
        int reg = (~first >> 7 & 1) << 3 | (~first >> 4 & 1) << 4;
        Prefix p = new Prefix(reg, (~first >> 6 & 1) << 3, (~first >> 5 & 1) << 3);
        int vvvv = ~second >> 3 & 15 | (~third >> 3 & 1) << 4;
        if ((third & 0x80) != 0) {
            throw unknown("zeroing");
        }
        boolean broadcast = (third & 0x10) != 0;
        vector(new Vector(p, second & 3, first & 7, vvvv, 4 << (third >> 5 & 3), broadcast, third & 7, true));
    }

    private void vector(Vector v) {
        int opcode = fetch();
        int key = v.map << 12 | v.prefix << 8 | opcode;
        if (key == 0x1077) {
            for (int[] vector : vectors) {
                java.util.Arrays.fill(vector, 4, LANES, 0);
            }
            return;
        }
        if (v.map == 2 && (opcode == 0x49 || opcode == 0x4B || opcode == 0x5E || opcode == 0x5C)) {
            tile(v, opcode);
            return;
        }
        boolean shift = opcode == 0x71 || opcode == 0x72;
        int memoryBytes = switch (key) {
            case 0x2113 -> 2 * v.lanes;
            case 0x2131, 0x2121 -> v.lanes;
            case 0x2158, 0x2118 -> 4;
            default -> v.broadcast ? 4 : 4 * v.lanes;
        };
        Place m = place(v.p, v.evex ? memoryBytes : 1, shift ? 1 : 0);
        if (key == 0x1011 || key == 0x127F) {
            store(v, m);
            return;
        }
        if (v.mask != 0 && key != 0x2127) {
            throw unknown("a mask");
        }
        int[] source = source(v, m, memoryBytes);
        if (key == 0x2127) {
            int mask = 0;
            for (int i = 0; i < v.lanes; i++) {
                mask |= (vectors[v.vvvv][i] & source[i]) != 0 ? 1 << i : 0;
            }
            masks[m.reg] = mask;
            return;
        }
        int target = shift ? v.vvvv : m.reg;
        int constant = shift ? fetch() : 0;
        int[] made = new int[LANES];
        for (int i = 0; i < v.lanes; i++) {
            made[i] = lane(key, m.reg & 7, constant, vectors[target], vectors[v.vvvv], source, i);
        }
        vectors[target] = made;
    }

    private void store(Vector v, Place m) {
        for (int i = 0; i < v.lanes; i++) {
            if (v.mask == 0 || (masks[v.mask] >> i & 1) != 0) {
                writeInt(m.address + 4L * i, vectors[m.reg][i]);
            }
        }
    }

    /** Bytes beyond what an instruction reads are not read. */
    private int[] source(Vector v, Place m, int memoryBytes) {
        if (m.isRegister) {
            return vectors[m.register].clone();
        }
        int[] source = new int[LANES];
        for (int i = 0; i < v.lanes; i++) {
            if (memoryBytes == 4 && (v.broadcast || v.lanes > 1)) {
                source[i] = readInt(m.address);
            } else if (4 * i + 4 <= memoryBytes) {
                source[i] = readInt(m.address + 4L * i);
            }
        }
        return source;
    }

    private static int byteOf(int[] words, int i) {
        return words[i / 4] >> 8 * (i % 4) & 0xFF;
    }

    private static int lane(int key, int extension, int constant, int[] target, int[] left, int[] right, int i) {
        return switch (key) {
            case 0x1010, 0x126F -> right[i];
            case 0x2158, 0x2118 -> right[i];
            case 0x11EF -> left[i] ^ right[i];
            case 0x11DB -> left[i] & right[i];
            case 0x11EB -> left[i] | right[i];
            case 0x11FE -> left[i] + right[i];
            case 0x1171 -> words(extension, constant, right[i]);
            case 0x1172 -> extension == 2 ? right[i] >>> constant : right[i] << constant;
            case 0x105B -> bits(right[i]);
            case 0x1059 -> bits(real(left[i]) * real(right[i]));
            case 0x21B8 -> bits(Math.fma(real(left[i]), real(right[i]), real(target[i])));
            case 0x21BC -> bits(Math.fma(-real(left[i]), real(right[i]), real(target[i])));
            case 0x2113 -> bits(Float.float16ToFloat((short) (right[i / 2] >> 16 * (i % 2))));
            case 0x2131 -> byteOf(right, i);
            case 0x2121 -> (byte) byteOf(right, i);
            case 0x2100 -> shuffled(left, right, i);
            case 0x2150 -> {
                int sum = target[i];
                for (int j = 0; j < 4; j++) {
                    sum += byteOf(left, 4 * i + j) * (byte) byteOf(right, 4 * i + j);
                }
                yield sum;
            }
            default -> throw unknown("vector instruction " + Integer.toHexString(key));
        };
    }

    private static int words(int extension, int constant, int both) {
        int mask = extension == 2 ? 0xFFFF >> constant : 0xFFFF << constant & 0xFFFF;
        int shifted = extension == 2 ? both >>> constant : both << constant;
        return shifted & (mask << 16 | mask);
    }

    private static int shuffled(int[] table, int[] indices, int lane) {
        int word = 0;
        for (int j = 0; j < 4; j++) {
            int index = byteOf(indices, 4 * lane + j);
            int found = index > 127 ? 0 : byteOf(table, lane / 4 * 16 + (index & 15));
            word |= found << 8 * j;
        }
        return word;
    }

    private static float real(int bits) {
        return Float.intBitsToFloat(bits);
    }

    private static int bits(float real) {
        return Float.floatToRawIntBits(real);
    }

    // ---- tiles -----------------------------------------------------------------------------------------------------

    private void tile(Vector v, int opcode) {
        int modRm = readByte(next);
        int number = modRm >> 3 & 7;
        if (opcode == 0x49 && modRm >> 6 == 3) {
            next++;
            if (v.prefix == 3) {
                tiles.zero(number);
            } else {
                tiles.release();
            }
        } else if (opcode == 0x49) {
            tiles.configure(place(v.p, 1, 0).address);
        } else if (opcode == 0x4B) {
            long stride = general[readByte(next + 1) >> 3 & 7 | v.p.extendIndex];
            long start = place(v.p, 1, 0).address - stride;
            if (v.prefix == 3) {
                tiles.load(number, start, stride);
            } else {
                tiles.store(number, start, stride);
            }
        } else {
            next++;
            if (opcode == 0x5E) {
                tiles.multiplyBytes(number, modRm & 7, v.vvvv);
            } else {
                tiles.multiplyBf16(number, modRm & 7, v.vvvv);
            }
        }
    }
}
