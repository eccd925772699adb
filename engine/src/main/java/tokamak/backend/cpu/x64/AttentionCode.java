package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import tokamak.backend.KvType;

/**
 * What the passes of attention have in common while one of them is assembled: its registers, how stored keys and values come to
 * them as floats, and the way from head to head and block to block.
 */
final class AttentionCode {
    private static final int BLOCK = KvNumbers.BLOCK;
    private static final int HALF_BYTE = 15;
    private static final int PAGE = 4096;

    private final Assembler a = new Assembler();
    private final Isa isa;
    private final KvNumbers numbers;
    private final int parts;
    /** The floats 0 to 15. */
    private final Mem levels;
    /** For each part: how far each lane's half byte of a value is from the lowest bits. */
    private final Mem[] shifts;

    AttentionCode(Isa isa, KvType type) {
        this.isa = isa;
        this.numbers = new KvNumbers(type);
        this.parts = BLOCK / isa.lanes();
        this.levels = lanes(0, lane -> Float.floatToRawIntBits(lane));
        this.shifts = new Mem[parts];
        for (int part = 0; part < parts; part++) {
            shifts[part] = lanes(part * isa.lanes(), lane -> lane / 2 * 4);
        }
    }

    /** A table of sixteen numbers of which those from {@code first} on are used. */
    private Mem lanes(int first, IntUnaryOperator number) {
        ByteBuffer table = ByteBuffer.allocate(BLOCK * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int lane = 0; lane < BLOCK; lane++) {
            table.putInt(number.applyAsInt(first + lane));
        }
        return a.table(table.array());
    }

    Assembler assembler() {
        return a;
    }

    KvNumbers numbers() {
        return numbers;
    }

    /** Registers that sixteen numbers fill: 1 or 2. */
    int parts() {
        return parts;
    }

    Vec register(int number) {
        return new Vec(isa.width(), number);
    }

    /** The lower half of a general register to all lanes. */
    void broadcast(Vec target, Gpr bits) {
        a.push(bits);
        a.emit(Op.VBROADCASTSS, target, Mem.at(Gpr.RSP, 0));
        a.pop(bits);
    }

    /** A block's first part: its number stands at {@code id}. */
    void findBlock(Gpr target, Mem id) {
        a.mov32(target, id);
        a.imul(target, R9);
        a.add(target, RSI);
    }

    /**
     * Asks for one line of every page of a part, long before it is read: the page's address is then known, and the
     * processor's own prefetching does the rest. Asking for every line leaves it less of the memory's bandwidth.
     */
    void askForPages(Gpr part, int partBytes) {
        for (int at = 0; at < partBytes; at += PAGE) {
            a.prefetchT0(Mem.at(part, at));
        }
    }

    /** Number {@code i} of sixteen tokens' keys, or of those that fill a register, without scale and minimum. */
    void loadKeys(Vec target, int i, int part) {
        int lane = part * isa.lanes();
        if (numbers.type() == KvType.INT4) {
            a.emit(Op.VPMOVZXBD, target, Mem.at(RAX, i / 2 * BLOCK + lane));
            if (i % 2 != 0) {
                a.emit(Op.VPSRLD, target, target, 4);
            }
            halfBytesToFloats(target);
        } else {
            load(target, Mem.at(RAX, numbers.bytes(i * BLOCK + lane)));
        }
    }

    /** Sixteen numbers of a token's value, or the part of them that fills a register, without scale and minimum. */
    void loadValues(Vec target, int slice, int part) {
        int first = numbers.bytes(slice * BLOCK);
        if (numbers.type() == KvType.INT4) {
            a.emit(Op.VBROADCASTSD, target, Mem.at(RAX, first));
            a.emit(Op.VPSRLVD, target, target, shifts[part]);
            halfBytesToFloats(target);
        } else {
            load(target, Mem.at(RAX, first + numbers.bytes(part * isa.lanes())));
        }
    }

    private void load(Vec target, Mem place) {
        switch (numbers.type()) {
            case F32 -> a.emit(Op.VMOVUPS, target, place);
            case F16 -> a.emit(Op.VCVTPH2PS, target, place);
            case INT8 -> {
                a.emit(Op.VPMOVSXBD, target, place);
                a.emit(Op.VCVTDQ2PS, target, target);
            }
            case INT4 -> throw new IllegalStateException("two numbers in a byte");
        }
    }

    /** The lowest four bits of every lane become a float. */
    private void halfBytesToFloats(Vec lanes) {
        if (isa.width() == Width.Z) {
            // a permutation looks at four bits only
            a.emit(Op.VPERMPS, lanes, lanes, levels);
        } else {
            a.emit(Op.VPAND, lanes, lanes, a.constant32(HALF_BYTE));
            a.emit(Op.VCVTDQ2PS, lanes, lanes);
        }
    }
}
