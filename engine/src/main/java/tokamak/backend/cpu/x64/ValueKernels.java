package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import tokamak.backend.KvType;

/**
 * Generates the weighted sum of values: the third pass of attention over a stretch of KV blocks, for a tile of query rows that
 * read the same value heads. Whatever the tile, a row's sums run in the same order.
 */
final class ValueKernels {
    private static final int BLOCK = KvNumbers.BLOCK;

    private final AttentionCode code;
    private final Assembler a;
    private final Isa isa;
    private final KvType type;
    private final KvNumbers numbers;
    private final int rows;
    private final int parts;

    private ValueKernels(Isa isa, KvType type, int rows) {
        this.code = new AttentionCode(isa, type);
        this.a = code.assembler();
        this.isa = isa;
        this.type = type;
        this.numbers = code.numbers();
        this.rows = rows;
        this.parts = code.parts();
    }

    /**
     * {@code sums = factor * sums + weights * values}. Arguments: rdi weights {@code [blocks][rows][16]}, rsi values of the head in
     * block 0, rdx block ids and one more, rcx tokens, r8 sums {@code [rows][valueDim]}, r9 bytes from block to block, r10 states of the rows.
     */
    static byte[] values(Isa isa, OperatingSystem system, KvType type, int rows, int valueDim) {
        ValueKernels kernel = new ValueKernels(isa, type, rows);
        Assembler a = kernel.a;
        int slices = kernel.slicesAtOnce(valueDim / BLOCK);
        Frame frame = new Frame(a, system);
        Label slice = new Label();
        frame.enter();
        if (kernel.numbers.headerBytes() > 0) {
            a.mov32(R15, rows * BLOCK * Float.BYTES);
            kernel.scaleWeights();
            a.add(RSI, kernel.numbers.headerBytes());
        }
        a.mov32(R11, valueDim / BLOCK / slices);
        a.bind(slice);
        kernel.rescaleSums(slices, valueDim);
        kernel.addBlocks(slices, valueDim);
        kernel.eachSum(slices, valueDim, Op.VMOVUPS_STORE, R8);
        a.add(RSI, kernel.numbers.bytes(slices * BLOCK));
        a.add(R8, slices * BLOCK * Float.BYTES);
        a.sub(R11, 1);
        a.jump(Assembler.Condition.NOT_ZERO, slice);
        frame.leave();
        return a.code();
    }

    /**
     * As {@link #values} for rows that read several heads: rdi weights {@code [blocks][heads][rows][16]}, r8 sums
     * {@code [heads][rows][valueDim]}, r10 states {@code [heads][rows]}, r11 heads. Blocks are walked with all their heads, as they lie in
     * memory; every sum takes the same steps as there.
     */
    static byte[] valuesOfHeads(Isa isa, OperatingSystem system, KvType type, int rows, int valueDim) {
        ValueKernels kernel = new ValueKernels(isa, type, rows);
        Assembler a = kernel.a;
        int partBytes = kernel.numbers.headerBytes() + kernel.numbers.bytes(BLOCK * valueDim);
        Frame frame = new Frame(a, system);
        Label block = new Label();
        Label head = new Label();
        frame.enter();
        if (kernel.numbers.headerBytes() > 0) {
            kernel.scaleWeightsOfHeads(valueDim);
            a.add(RSI, kernel.numbers.headerBytes());
        }
        kernel.rescaleAllSums(valueDim);
        a.bind(block);
        kernel.code.findBlock(RBX, Mem.at(RDX, 0));
        kernel.code.findBlock(RBP, Mem.at(RDX, 4));
        a.mov(R13, R8);
        a.mov(R14, R11);
        a.bind(head);
        kernel.code.askForPages(RBP, partBytes);
        kernel.addBlockOfHead(valueDim);
        a.add(RBX, partBytes - kernel.numbers.bytes(valueDim));
        a.add(RBP, partBytes);
        a.add(RDI, rows * BLOCK * Float.BYTES);
        a.sub(R14, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        a.add(RDX, 4);
        a.sub(RCX, BLOCK);
        a.jump(Assembler.Condition.GREATER, block);
        frame.leave();
        return a.code();
    }

    private void scaleWeightsOfHeads(int valueDim) {
        Label head = new Label();
        a.push(RDI);
        a.push(RSI);
        a.push(R10);
        a.mov32(R15, rows * BLOCK * Float.BYTES);
        a.imul(R15, R11);
        a.mov(R12, R11);
        a.bind(head);
        scaleWeights();
        a.add(RDI, rows * BLOCK * Float.BYTES);
        a.add(RSI, numbers.headerBytes() + numbers.bytes(BLOCK * valueDim));
        a.add(R10, rows * RowState.BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        a.pop(R10);
        a.pop(RSI);
        a.pop(RDI);
    }

    private void rescaleAllSums(int valueDim) {
        Label row = new Label();
        Vec factor = code.register(0);
        Vec shift = code.register(1);
        Vec sum = code.register(2);
        a.mov(R13, R8);
        a.mov(RAX, R10);
        a.mov32(R12, rows);
        a.imul(R12, R11);
        a.bind(row);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(RAX, RowState.FACTOR));
        if (type == KvType.INT4) {
            a.emit(Op.VBROADCASTSS, shift, Mem.at(RAX, RowState.SHIFT));
        }
        for (int number = 0; number < valueDim; number += isa.lanes()) {
            Mem place = Mem.at(R13, number * Float.BYTES);
            a.emit(Op.VMULPS, sum, factor, place);
            if (type == KvType.INT4) {
                a.emit(Op.VADDPS, sum, sum, shift);
            }
            a.emit(Op.VMOVUPS_STORE, sum, place);
        }
        a.add(R13, valueDim * Float.BYTES);
        a.add(RAX, RowState.BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
    }

    /** Moves rbx over one token's values, and r13 on to the next head's sums. */
    private void addBlockOfHead(int valueDim) {
        int slices = slicesAtOnce(valueDim / BLOCK);
        Label slice = new Label();
        Label token = new Label();
        Label whole = new Label();
        a.mov32(R10, valueDim / BLOCK / slices);
        a.bind(slice);
        eachSum(slices, valueDim, Op.VMOVUPS, R13);
        a.mov(RAX, RBX);
        a.mov(R12, RDI);
        a.mov32(R15, BLOCK);
        a.cmp(RCX, BLOCK);
        a.jump(Assembler.Condition.GREATER, whole);
        a.mov(R15, RCX);
        a.bind(whole);
        a.align(32);
        a.bind(token);
        addToken(slices, valueDim);
        a.jump(Assembler.Condition.NOT_ZERO, token);
        eachSum(slices, valueDim, Op.VMOVUPS_STORE, R13);
        a.add(RBX, numbers.bytes(slices * BLOCK));
        a.add(R13, slices * BLOCK * Float.BYTES);
        a.sub(R10, 1);
        a.jump(Assembler.Condition.NOT_ZERO, slice);
        a.add(R13, (rows - 1) * valueDim * Float.BYTES);
    }

    /** Weights become weights of the stored integers; r15 has the bytes from a block's weights to the next's. */
    private void scaleWeights() {
        Label block = new Label();
        for (int row = 0; row < rows && type == KvType.INT4; row++) {
            a.emit(Op.VPXOR, minima(row), minima(row), minima(row));
        }
        a.mov(RBX, RDI);
        a.mov(R13, RDX);
        a.mov(R14, RCX);
        a.bind(block);
        code.findBlock(RAX, Mem.at(R13, 0));
        for (int part = 0; part < parts; part++) {
            int offset = part * isa.width().bytes();
            loadScales(offset);
            for (int row = 0; row < rows; row++) {
                Mem place = Mem.at(RBX, row * BLOCK * Float.BYTES + offset);
                if (type == KvType.INT4) {
                    addMinima(row, place);
                }
                a.emit(Op.VMULPS, code.register(1), code.register(0), place);
                a.emit(Op.VMOVUPS_STORE, code.register(1), place);
            }
        }
        a.add(RBX, R15);
        a.add(R13, 4);
        a.sub(R14, BLOCK);
        a.jump(Assembler.Condition.GREATER, block);
        for (int row = 0; row < rows && type == KvType.INT4; row++) {
            new VectorMath(a, isa.width()).fold(Op.VADDPS, minima(row), code.register(0));
            a.emit(Op.VMOVSS_STORE, minima(row).as(Width.X), Mem.at(R10, row * RowState.BYTES + RowState.SHIFT));
        }
    }

    /** Scales of sixteen tokens, or of those that fill a register, to register 0, and minima to register 2. */
    private void loadScales(int offset) {
        if (type == KvType.INT4) {
            a.emit(Op.VCVTPH2PS, code.register(0), Mem.at(RAX, offset / 2));
            a.emit(Op.VCVTPH2PS, code.register(2), Mem.at(RAX, KvNumbers.MINIMA + offset / 2));
        } else {
            a.emit(Op.VMOVUPS, code.register(0), Mem.at(RAX, offset));
        }
    }

    /** A row's sum of weighted minima. */
    private Vec minima(int row) {
        return code.register(4 + row);
    }

    /** A block's unused tokens have a weight of zero, and bytes of any kind. */
    private void addMinima(int row, Mem weights) {
        a.emit(Op.VMOVUPS, code.register(3), weights);
        a.emit(Op.VMULPS, code.register(1), code.register(2), code.register(3));
        new VectorMath(a, isa.width()).zeroWhereZero(code.register(1), code.register(3), code.register(3));
        a.emit(Op.VADDPS, minima(row), minima(row), code.register(1));
    }

    /** As many slices of sixteen numbers as there are registers for, with one for the weight, in equal passes. */
    private int slicesAtOnce(int numSlices) {
        int slices = Math.min(numSlices, (isa.numRegisters() - 1) / ((rows + 1) * parts));
        while (numSlices % slices != 0) {
            slices--;
        }
        return slices;
    }

    private Vec value(int slice, int part, int slices) {
        return code.register((rows * slices + slice) * parts + part);
    }

    private Vec weight() {
        return code.register(isa.numRegisters() - 1);
    }

    private Vec sum(int row, int slice, int part, int slices) {
        return code.register((row * slices + slice) * parts + part);
    }

    /** Sums of earlier stretches, brought to the new maximum, and what the minima of this one add. */
    private void rescaleSums(int slices, int valueDim) {
        Vec factor = weight();
        Vec shift = code.register(rows * slices * parts);
        for (int row = 0; row < rows; row++) {
            a.emit(Op.VBROADCASTSS, factor, Mem.at(R10, row * RowState.BYTES + RowState.FACTOR));
            if (type == KvType.INT4) {
                a.emit(Op.VBROADCASTSS, shift, Mem.at(R10, row * RowState.BYTES + RowState.SHIFT));
            }
            for (int slice = 0; slice < slices; slice++) {
                for (int part = 0; part < parts; part++) {
                    Vec sum = sum(row, slice, part, slices);
                    a.emit(Op.VMULPS, sum, factor, sumPlace(R8, row, slice, part, valueDim));
                    if (type == KvType.INT4) {
                        a.emit(Op.VADDPS, sum, sum, shift);
                    }
                }
            }
        }
    }

    private Mem sumPlace(Gpr base, int row, int slice, int part, int valueDim) {
        return Mem.at(base, (row * valueDim + slice * BLOCK + part * isa.lanes()) * Float.BYTES);
    }

    private void eachSum(int slices, int valueDim, Op loadOrStore, Gpr base) {
        for (int row = 0; row < rows; row++) {
            for (int slice = 0; slice < slices; slice++) {
                for (int part = 0; part < parts; part++) {
                    a.emit(loadOrStore, sum(row, slice, part, slices), sumPlace(base, row, slice, part, valueDim));
                }
            }
        }
    }

    private void addBlocks(int slices, int valueDim) {
        Label block = new Label();
        Label token = new Label();
        Label whole = new Label();
        a.mov(RBX, RDI);
        a.mov(R13, RDX);
        a.mov(R14, RCX);
        a.bind(block);
        code.findBlock(RAX, Mem.at(R13, 0));
        code.findBlock(RBP, Mem.at(R13, 4));
        code.askForPages(RBP, numbers.bytes(BLOCK * valueDim));
        a.mov(R12, RBX);
        a.mov32(R15, BLOCK);
        a.cmp(R14, BLOCK);
        a.jump(Assembler.Condition.GREATER, whole);
        a.mov(R15, R14);
        a.bind(whole);
        a.sub(R14, R15);
        a.align(32);
        a.bind(token);
        addToken(slices, valueDim);
        a.jump(Assembler.Condition.NOT_ZERO, token);
        a.add(RBX, rows * BLOCK * Float.BYTES);
        a.add(R13, 4);
        a.cmp(R14, 0);
        a.jump(Assembler.Condition.GREATER, block);
    }

    /** One of r15 tokens, whose values are at rax and whose weights at r12. */
    private void addToken(int slices, int valueDim) {
        addToken(slices);
        a.add(RAX, numbers.bytes(valueDim));
        a.add(R12, Float.BYTES);
        a.sub(R15, 1);
    }

    private void addToken(int slices) {
        for (int slice = 0; slice < slices; slice++) {
            for (int part = 0; part < parts; part++) {
                code.loadValues(value(slice, part, slices), slice, part);
            }
        }
        for (int row = 0; row < rows; row++) {
            a.emit(Op.VBROADCASTSS, weight(), Mem.at(R12, row * BLOCK * Float.BYTES));
            for (int slice = 0; slice < slices; slice++) {
                for (int part = 0; part < parts; part++) {
                    a.emit(Op.VFMADD231PS, sum(row, slice, part, slices), value(slice, part, slices), weight());
                }
            }
        }
    }
}
