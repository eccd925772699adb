package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntUnaryOperator;
import tokamak.backend.KvType;

/**
 * Generates the three passes of attention over a stretch of KV blocks for a tile of query rows that read the same key and
 * value head: products of queries and keys, softmax with a running maximum, weighted sum of values.
 *
 * <p>A block's keys are {@code [headDim][16 tokens]}, so that a register holds one number of sixteen tokens and no sum runs
 * across lanes; its values {@code [valueDim / 16][16 tokens][16]}. Whatever the tile, a row's sums run in the same order.
 */
final class AttentionKernels {
    static final int BLOCK = 16;

    /** Bytes of so many stored numbers. */
    static int bytes(KvType type, int numbers) {
        return switch (type) {
            case F32 -> numbers * Float.BYTES;
            case F16 -> numbers * Short.BYTES;
            case INT8 -> numbers;
            case INT4 -> numbers / 2;
        };
    }

    /** Bytes of one token's scale in a block. */
    static int scaleBytes(KvType type) {
        return switch (type) {
            case F32, F16 -> 0;
            case INT8 -> Float.BYTES;
            case INT4 -> Short.BYTES;
        };
    }

    /** Where a block has the minima: behind its scales. */
    static final int MINIMA = BLOCK * Short.BYTES;

    /** Bytes before a head's numbers in a block: what its tokens have of scales and minima. */
    static int headerBytes(KvType type) {
        return switch (type) {
            case F32, F16 -> 0;
            case INT8 -> BLOCK * Float.BYTES;
            case INT4 -> BLOCK * 2 * Short.BYTES;
        };
    }

    /** Bytes of a row's running state: maximum, sum, and the factor that brings earlier results to the new maximum. */
    static final int STATE_BYTES = 16;

    private static final int MAXIMUM = 0;
    private static final int SUM = 4;
    private static final int FACTOR = 8;

    /** What the weighted minima of a stretch of values add to each number. */
    private static final int SHIFT = 12;

    private static final int HALF_BYTE = 15;

    private final Assembler a = new Assembler();
    private final Isa isa;
    private final KvType type;
    private final int rows;
    /** Registers that sixteen numbers fill: 1 or 2. */
    private final int parts;
    /** The floats 0 to 15. */
    private final Mem levels;
    /** For each part: how far each lane's half byte of a value is from the lowest bits. */
    private final Mem[] shifts;

    private AttentionKernels(Isa isa, KvType type, int rows) {
        this.isa = isa;
        this.type = type;
        this.rows = rows;
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

    /** Query rows of the largest tile. */
    static int maxRows(Isa isa) {
        return isa.numRegisters() == 32 ? 12 : 6;
    }

    private Vec register(int number) {
        return new Vec(isa.width(), number);
    }

    private int maxSums() {
        return isa.numRegisters() == 32 ? 24 : 12;
    }

    private Vec loaded(int part) {
        return register(maxSums() + part);
    }

    /** Number {@code i} of sixteen tokens' keys, or of those that fill a register, without scale and minimum. */
    private void loadKeys(Vec target, int i, int part) {
        int lane = part * isa.lanes();
        if (type == KvType.INT4) {
            a.emit(Op.VPMOVZXBD, target, Mem.at(RAX, i / 2 * BLOCK + lane));
            if (i % 2 != 0) {
                a.emit(Op.VPSRLD, target, target, 4);
            }
            halfBytesToFloats(target);
        } else {
            load(target, Mem.at(RAX, bytes(type, i * BLOCK + lane)));
        }
    }

    /** Sixteen numbers of a token's value, or the part of them that fills a register, without scale and minimum. */
    private void loadValues(Vec target, int slice, int part) {
        int first = bytes(type, slice * BLOCK * BLOCK);
        if (type == KvType.INT4) {
            a.emit(Op.VBROADCASTSD, target, Mem.at(RAX, first));
            a.emit(Op.VPSRLVD, target, target, shifts[part]);
            halfBytesToFloats(target);
        } else {
            load(target, Mem.at(RAX, first + bytes(type, part * isa.lanes())));
        }
    }

    private void load(Vec target, Mem place) {
        switch (type) {
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

    // ---- queries times keys ----------------------------------------------------------------------------------------

    /**
     * Arguments: rdi queries {@code [heads][tile]}, rsi keys of the first head in block 0, rdx block ids and one more, rcx blocks,
     * r8 scores {@code [blocks][heads][rows][16]}, r9 bytes from block to block, r10 heads. Blocks are walked with all their
     * heads, as they lie in memory.
     */
    static byte[] scores(Isa isa, OperatingSystem system, KvType type, int rows, int headDim) {
        AttentionKernels kernel = new AttentionKernels(isa, type, rows);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label block = new Label();
        Label head = new Label();
        frame.enter();
        a.bind(block);
        a.mov32(RAX, Mem.at(RDX, 0));
        a.imul(RAX, R9);
        a.add(RAX, RSI);
        a.mov(R12, RDI);
        a.mov(RBP, R10);
        a.bind(head);
        kernel.nextPart(RBX, RAX, RBP, headerBytes(type) + bytes(type, BLOCK * headDim));
        kernel.scoreBlock(headDim);
        a.sub(RBP, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        a.add(RDX, 4);
        a.sub(RCX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, block);
        frame.leave();
        return a.code();
    }

    /** Where the walk goes after this head's part of a block: to the next head's, or to the next block. */
    private void nextPart(Gpr target, Gpr part, Gpr headsLeft, int partBytes) {
        Label sameBlock = new Label();
        a.lea(target, Mem.at(part, partBytes));
        a.cmp(headsLeft, 1);
        a.jump(Assembler.Condition.NOT_ZERO, sameBlock);
        a.mov32(target, Mem.at(RDX, 4));
        a.imul(target, R9);
        a.add(target, RSI);
        a.bind(sameBlock);
    }

    /**
     * Two chains of sums per row at least: one would wait for itself where rows are few. Moves rax, rbx and r12 on to the next
     * head.
     */
    private void scoreBlock(int headDim) {
        int chains = 2 / parts;
        int unroll = 4;
        int lineBytes = bytes(type, BLOCK);
        for (int i = 0; i < rows * 2; i++) {
            a.emit(Op.VPXOR, register(i), register(i), register(i));
        }
        Label loop = new Label();
        a.mov32(R13, headDim / unroll);
        if (headerBytes(type) > 0) {
            a.mov(R14, RAX);
            a.prefetchT0(Mem.at(RBX, 0));
            a.add(RAX, headerBytes(type));
            a.add(RBX, headerBytes(type));
        }
        a.align(32);
        a.bind(loop);
        for (int ahead = 0; ahead < unroll * lineBytes; ahead += 64) {
            a.prefetchT0(Mem.at(RBX, ahead));
        }
        for (int i = 0; i < unroll; i++) {
            for (int part = 0; part < parts; part++) {
                loadKeys(loaded(part), i, part);
            }
            for (int row = 0; row < rows; row++) {
                multiplyQuery(i, row, i % chains);
            }
        }
        a.add(RAX, unroll * lineBytes);
        a.add(RBX, unroll * lineBytes);
        a.add(R12, unroll * rows * Float.BYTES);
        a.sub(R13, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        for (int row = 0; row < rows && chains == 2; row++) {
            a.emit(Op.VADDPS, register(2 * row), register(2 * row), register(2 * row + 1));
        }
        for (int part = 0; part < parts; part++) {
            finishScores(part);
            for (int row = 0; row < rows; row++) {
                int offset = row * BLOCK * Float.BYTES + isa.width().bytes() * part;
                a.emit(Op.VMOVUPS_STORE, register(2 * row + part), Mem.at(R8, offset));
            }
        }
        a.add(R8, rows * BLOCK * Float.BYTES);
        if (type == KvType.INT4) {
            a.add(R12, rows * Float.BYTES);
        }
    }

    /** Products with stored numbers become products with keys. */
    private void finishScores(int part) {
        switch (type) {
            case F32, F16 -> {}
            case INT8 -> {
                for (int row = 0; row < rows; row++) {
                    Vec sum = register(2 * row + part);
                    a.emit(Op.VMULPS, sum, sum, Mem.at(R14, part * isa.width().bytes()));
                }
            }
            case INT4 -> {
                Vec scale = loaded(0);
                Vec minimum = loaded(1);
                Vec queries = loaded(2);
                a.emit(Op.VCVTPH2PS, scale, Mem.at(R14, part * isa.width().bytes() / 2));
                a.emit(
                        Op.VCVTPH2PS,
                        minimum,
                        Mem.at(R14, MINIMA + part * isa.width().bytes() / 2));
                for (int row = 0; row < rows; row++) {
                    Vec sum = register(2 * row + part);
                    a.emit(Op.VMULPS, sum, sum, scale);
                    // behind the tile's numbers: their sums
                    a.emit(Op.VBROADCASTSS, queries, Mem.at(R12, row * Float.BYTES));
                    a.emit(Op.VFMADD231PS, sum, minimum, queries);
                }
            }
        }
    }

    private void multiplyQuery(int i, int row, int chain) {
        Mem query = Mem.at(R12, (i * rows + row) * Float.BYTES);
        if (parts == 1) {
            a.emit(Op.VFMADD231PS, register(2 * row + chain), loaded(0), query.broadcastDword());
        } else {
            Vec broadcast = loaded(parts);
            a.emit(Op.VBROADCASTSS, broadcast, query);
            for (int part = 0; part < parts; part++) {
                a.emit(Op.VFMADD231PS, register(2 * row + part), loaded(part), broadcast);
            }
        }
    }

    // ---- soft cap ---------------------------------------------------------------------------------------------------

    /**
     * One row's scores become {@code cap * tanh(factor * score)}, in place. Arguments: rdi scores of the row in the first block,
     * rsi blocks, rdx bytes from block to block, rcx bits of twice the factor, r8 bits of the cap.
     */
    static byte[] softcap(Isa isa, OperatingSystem system) {
        AttentionKernels kernel = new AttentionKernels(isa, KvType.F32, 1);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        frame.enter();
        kernel.broadcast(kernel.register(0), RCX);
        kernel.broadcast(kernel.register(1), R8);
        Label loop = new Label();
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            kernel.capScores(Mem.at(RDI, part * isa.width().bytes()));
        }
        a.add(RDI, RDX);
        a.sub(RSI, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        frame.leave();
        return a.code();
    }

    /** {@code tanh(x) = 1 - 2 / (exp(2 x) + 1)}, with an absolute error of a float's last place. */
    private void capScores(Mem place) {
        Vec score = register(2);
        Vec power = register(3);
        Vec one = register(4);
        a.emit(Op.VMULPS, score, register(0), place);
        new VectorMath(a, isa.width()).exp(score, power, register(4), register(5), register(6));
        a.emit(Op.VMOVUPS, one, a.constantFloat(1));
        a.emit(Op.VADDPS, power, power, one);
        a.emit(Op.VMOVUPS, score, a.constantFloat(2));
        a.emit(Op.VDIVPS, score, score, power);
        a.emit(Op.VSUBPS, score, one, score);
        a.emit(Op.VMULPS, score, score, register(1));
        a.emit(Op.VMOVUPS_STORE, score, place);
    }

    /** The lower half of a general register to all lanes. */
    private void broadcast(Vec target, Gpr bits) {
        a.push(bits);
        a.emit(Op.VBROADCASTSS, target, Mem.at(Gpr.RSP, 0));
        a.pop(bits);
    }

    // ---- softmax ---------------------------------------------------------------------------------------------------

    /**
     * Scores become weights relative to each row's running maximum, in place. Arguments: rdi scores of the first row in the first
     * block, rsi blocks, rdx bytes from block to block, rcx states of the rows, r8 bits of the factor on scores, r9 rows.
     */
    static byte[] softmax(Isa isa, OperatingSystem system) {
        AttentionKernels kernel = new AttentionKernels(isa, KvType.F32, 1);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label row = new Label();
        frame.enter();
        Vec scale = kernel.register(0);
        Vec maximum = kernel.register(1);
        Vec sum = kernel.register(2);
        kernel.broadcast(scale, R8);
        a.bind(row);
        kernel.findMaximum(scale, maximum);
        a.emit(Op.VPXOR, sum, sum, sum);
        kernel.exponentiate(scale, maximum, sum);
        new VectorMath(a, isa.width()).fold(Op.VADDPS, sum, kernel.register(3));
        Vec old = Vec.xmm(3);
        a.emit(Op.VMOVSS, old, Mem.at(RCX, SUM));
        a.emit(Op.VMULSS, old, old, Mem.at(RCX, FACTOR));
        a.emit(Op.VADDSS, old, old, sum.as(Width.X));
        a.emit(Op.VMOVSS_STORE, old, Mem.at(RCX, SUM));
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RCX, STATE_BYTES);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
        frame.leave();
        return a.code();
    }

    /** Leaves the new maximum in all lanes and in the state, and the factor for earlier results in the state. */
    private void findMaximum(Vec scale, Vec maximum) {
        Vec score = register(3);
        Label loop = new Label();
        a.emit(Op.VBROADCASTSS, maximum, Mem.at(RCX, MAXIMUM));
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.bind(loop);
        for (int part = 0; part < parts; part++) {
            a.emit(Op.VMULPS, score, scale, Mem.at(RAX, part * isa.width().bytes()));
            a.emit(Op.VMAXPS, maximum, score, maximum);
        }
        a.add(RAX, RDX);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
        VectorMath math = new VectorMath(a, isa.width());
        math.fold(Op.VMAXPS, maximum, score);
        a.emit(Op.VBROADCASTSS, maximum, maximum.as(Width.X));
        Vec factor = register(3);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(RCX, MAXIMUM));
        a.emit(Op.VSUBPS, factor, factor, maximum);
        math.exp(factor, register(4), register(5), register(6), register(7));
        a.emit(Op.VMOVSS_STORE, maximum.as(Width.X), Mem.at(RCX, MAXIMUM));
        a.emit(Op.VMOVSS_STORE, Vec.xmm(4), Mem.at(RCX, FACTOR));
    }

    private void exponentiate(Vec scale, Vec maximum, Vec sum) {
        VectorMath math = new VectorMath(a, isa.width());
        Label loop = new Label();
        a.mov(RAX, RDI);
        a.mov(RBX, RSI);
        a.bind(loop);
        for (int part = 0; part < parts; part++) {
            Mem place = Mem.at(RAX, part * isa.width().bytes());
            Vec score = register(3);
            Vec weight = register(4);
            a.emit(Op.VMULPS, score, scale, place);
            a.emit(Op.VSUBPS, score, score, maximum);
            math.exp(score, weight, register(5), register(6), register(7));
            a.emit(Op.VMOVUPS_STORE, weight, place);
            a.emit(Op.VADDPS, sum, sum, weight);
        }
        a.add(RAX, RDX);
        a.sub(RBX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, loop);
    }

    // ---- parts of the context --------------------------------------------------------------------------------------

    /**
     * Takes what later tokens came to into what earlier ones did. Arguments: rdi sums {@code [rows][numbers]}, rsi sums of the later
     * tokens, rdx states, rcx states of the later tokens, r8 numbers (a multiple of 16), r9 rows.
     */
    static byte[] merge(Isa isa, OperatingSystem system) {
        AttentionKernels kernel = new AttentionKernels(isa, KvType.F32, 1);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label row = new Label();
        Label loop = new Label();
        Vec factor = kernel.register(4);
        Vec laterFactor = kernel.register(8);
        Vec number = kernel.register(0);
        frame.enter();
        a.bind(row);
        kernel.mergeStates(factor, laterFactor);
        a.mov(RAX, R8);
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            int offset = part * isa.width().bytes();
            a.emit(Op.VMULPS, number, factor, Mem.at(RDI, offset));
            a.emit(Op.VFMADD231PS, number, laterFactor, Mem.at(RSI, offset));
            a.emit(Op.VMOVUPS_STORE, number, Mem.at(RDI, offset));
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RSI, BLOCK * Float.BYTES);
        a.sub(RAX, BLOCK);
        a.jump(Assembler.Condition.GREATER, loop);
        a.add(RDX, STATE_BYTES);
        a.add(RCX, STATE_BYTES);
        a.sub(R9, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
        frame.leave();
        return a.code();
    }

    /** Where one side has seen nothing, its factor is exactly 0 and the other's exactly 1. */
    private void mergeStates(Vec factor, Vec laterFactor) {
        VectorMath math = new VectorMath(a, isa.width());
        Vec difference = register(0);
        Vec later = register(1);
        Vec maximum = register(2);
        a.emit(Op.VBROADCASTSS, difference, Mem.at(RDX, MAXIMUM));
        a.emit(Op.VBROADCASTSS, later, Mem.at(RCX, MAXIMUM));
        a.emit(Op.VMAXPS, maximum, difference, later);
        a.emit(Op.VSUBPS, difference, difference, maximum);
        a.emit(Op.VSUBPS, later, later, maximum);
        math.exp(difference, factor, register(5), register(6), register(7));
        math.exp(later, laterFactor, register(5), register(6), register(7));
        Vec sum = Vec.xmm(0);
        Vec laterSum = Vec.xmm(1);
        a.emit(Op.VMOVSS, sum, Mem.at(RDX, SUM));
        a.emit(Op.VMULSS, sum, sum, factor.as(Width.X));
        a.emit(Op.VMOVSS, laterSum, Mem.at(RCX, SUM));
        a.emit(Op.VMULSS, laterSum, laterSum, laterFactor.as(Width.X));
        a.emit(Op.VADDSS, sum, sum, laterSum);
        a.emit(Op.VMOVSS_STORE, sum, Mem.at(RDX, SUM));
        a.emit(Op.VMOVSS_STORE, maximum.as(Width.X), Mem.at(RDX, MAXIMUM));
    }

    // ---- weighted sum of values ------------------------------------------------------------------------------------

    /**
     * {@code sums = factor * sums + weights * values}. Arguments: rdi weights {@code [blocks][rows][16]}, rsi values of the head in
     * block 0, rdx block ids and one more, rcx tokens, r8 sums {@code [rows][valueDim]}, r9 bytes from block to block, r10 states of the rows.
     */
    static byte[] values(Isa isa, OperatingSystem system, KvType type, int rows, int valueDim) {
        AttentionKernels kernel = new AttentionKernels(isa, type, rows);
        Assembler a = kernel.a;
        int slices = kernel.slicesAtOnce(valueDim / BLOCK);
        int sliceBytes = bytes(type, BLOCK * BLOCK);
        Frame frame = new Frame(a, system);
        Label slice = new Label();
        frame.enter();
        if (headerBytes(type) > 0) {
            a.mov32(R15, rows * BLOCK * Float.BYTES);
            kernel.scaleWeights();
            a.add(RSI, headerBytes(type));
        }
        a.mov32(R11, valueDim / BLOCK / slices);
        a.bind(slice);
        kernel.rescaleSums(slices, valueDim);
        kernel.addBlocks(slices, sliceBytes);
        kernel.eachSum(slices, valueDim, Op.VMOVUPS_STORE, R8);
        a.add(RSI, slices * sliceBytes);
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
        AttentionKernels kernel = new AttentionKernels(isa, type, rows);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label block = new Label();
        Label head = new Label();
        frame.enter();
        if (headerBytes(type) > 0) {
            kernel.scaleWeightsOfHeads(valueDim);
            a.add(RSI, headerBytes(type));
        }
        kernel.rescaleAllSums(valueDim);
        a.bind(block);
        a.mov32(RBX, Mem.at(RDX, 0));
        a.imul(RBX, R9);
        a.add(RBX, RSI);
        a.mov(R13, R8);
        a.mov(R14, R11);
        a.bind(head);
        kernel.nextPart(RBP, RBX, R14, headerBytes(type) + bytes(type, BLOCK * valueDim));
        kernel.addBlockOfHead(valueDim);
        a.add(RBX, headerBytes(type));
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
        a.add(RSI, headerBytes(type) + bytes(type, BLOCK * valueDim));
        a.add(R10, rows * STATE_BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, head);
        a.pop(R10);
        a.pop(RSI);
        a.pop(RDI);
    }

    private void rescaleAllSums(int valueDim) {
        Label row = new Label();
        Vec factor = register(0);
        Vec shift = register(1);
        Vec sum = register(2);
        a.mov(R13, R8);
        a.mov(RAX, R10);
        a.mov32(R12, rows);
        a.imul(R12, R11);
        a.bind(row);
        a.emit(Op.VBROADCASTSS, factor, Mem.at(RAX, FACTOR));
        if (type == KvType.INT4) {
            a.emit(Op.VBROADCASTSS, shift, Mem.at(RAX, SHIFT));
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
        a.add(RAX, STATE_BYTES);
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, row);
    }

    /** Moves rbx and r13 on to the next head's values and sums. */
    private void addBlockOfHead(int valueDim) {
        int slices = slicesAtOnce(valueDim / BLOCK);
        int sliceBytes = bytes(type, BLOCK * BLOCK);
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
        addTokenAndAskAhead(slices, sliceBytes);
        a.jump(Assembler.Condition.NOT_ZERO, token);
        eachSum(slices, valueDim, Op.VMOVUPS_STORE, R13);
        a.add(RBX, slices * sliceBytes);
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
        a.mov32(RAX, Mem.at(R13, 0));
        a.imul(RAX, R9);
        a.add(RAX, RSI);
        for (int part = 0; part < parts; part++) {
            int offset = part * isa.width().bytes();
            loadScales(offset);
            for (int row = 0; row < rows; row++) {
                Mem place = Mem.at(RBX, row * BLOCK * Float.BYTES + offset);
                if (type == KvType.INT4) {
                    addMinima(row, place);
                }
                a.emit(Op.VMULPS, register(1), register(0), place);
                a.emit(Op.VMOVUPS_STORE, register(1), place);
            }
        }
        a.add(RBX, R15);
        a.add(R13, 4);
        a.sub(R14, BLOCK);
        a.jump(Assembler.Condition.GREATER, block);
        for (int row = 0; row < rows && type == KvType.INT4; row++) {
            new VectorMath(a, isa.width()).fold(Op.VADDPS, minima(row), register(0));
            a.emit(Op.VMOVSS_STORE, minima(row).as(Width.X), Mem.at(R10, row * STATE_BYTES + SHIFT));
        }
    }

    /** Scales of sixteen tokens, or of those that fill a register, to register 0, and minima to register 2. */
    private void loadScales(int offset) {
        if (type == KvType.INT4) {
            a.emit(Op.VCVTPH2PS, register(0), Mem.at(RAX, offset / 2));
            a.emit(Op.VCVTPH2PS, register(2), Mem.at(RAX, MINIMA + offset / 2));
        } else {
            a.emit(Op.VMOVUPS, register(0), Mem.at(RAX, offset));
        }
    }

    /** A row's sum of weighted minima. */
    private Vec minima(int row) {
        return register(4 + row);
    }

    /** A block's unused tokens have a weight of zero, and bytes of any kind. */
    private void addMinima(int row, Mem weights) {
        a.emit(Op.VMOVUPS, register(3), weights);
        a.emit(Op.VMULPS, register(1), register(2), register(3));
        new VectorMath(a, isa.width()).zeroWhereZero(register(1), register(3), register(3));
        a.emit(Op.VADDPS, minima(row), minima(row), register(1));
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
        return register((rows * slices + slice) * parts + part);
    }

    private Vec weight() {
        return register(isa.numRegisters() - 1);
    }

    private Vec sum(int row, int slice, int part, int slices) {
        return register((row * slices + slice) * parts + part);
    }

    /** Sums of earlier stretches, brought to the new maximum, and what the minima of this one add. */
    private void rescaleSums(int slices, int valueDim) {
        Vec factor = weight();
        Vec shift = register(rows * slices * parts);
        for (int row = 0; row < rows; row++) {
            a.emit(Op.VBROADCASTSS, factor, Mem.at(R10, row * STATE_BYTES + FACTOR));
            if (type == KvType.INT4) {
                a.emit(Op.VBROADCASTSS, shift, Mem.at(R10, row * STATE_BYTES + SHIFT));
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

    private void addBlocks(int slices, int sliceBytes) {
        Label block = new Label();
        Label token = new Label();
        Label whole = new Label();
        a.mov(RBX, RDI);
        a.mov(R13, RDX);
        a.mov(R14, RCX);
        a.bind(block);
        a.mov32(RAX, Mem.at(R13, 0));
        a.imul(RAX, R9);
        a.add(RAX, RSI);
        a.mov32(RBP, Mem.at(R13, 4));
        a.imul(RBP, R9);
        a.add(RBP, RSI);
        a.mov(R12, RBX);
        a.mov32(R15, BLOCK);
        a.cmp(R14, BLOCK);
        a.jump(Assembler.Condition.GREATER, whole);
        a.mov(R15, R14);
        a.bind(whole);
        a.sub(R14, R15);
        a.align(32);
        a.bind(token);
        addTokenAndAskAhead(slices, sliceBytes);
        a.jump(Assembler.Condition.NOT_ZERO, token);
        a.add(RBX, rows * BLOCK * Float.BYTES);
        a.add(R13, 4);
        a.cmp(R14, 0);
        a.jump(Assembler.Condition.GREATER, block);
    }

    /** One of r15 tokens, whose values are at rax and whose weights at r12. */
    private void addTokenAndAskAhead(int slices, int sliceBytes) {
        // the next block's part for these slices, evenly over this block's tokens
        int aheadBytes = slices * sliceBytes / BLOCK;
        for (int ahead = 0; ahead < aheadBytes; ahead += 64) {
            a.prefetchT0(Mem.at(RBP, ahead));
        }
        a.add(RBP, aheadBytes);
        addToken(slices);
        a.add(RAX, bytes(type, BLOCK));
        a.add(R12, Float.BYTES);
        a.sub(R15, 1);
    }

    private void addToken(int slices) {
        for (int slice = 0; slice < slices; slice++) {
            for (int part = 0; part < parts; part++) {
                loadValues(value(slice, part, slices), slice, part);
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

    // ---- rows in and out -------------------------------------------------------------------------------------------

    /** {@code out = factor * x}. Arguments: rdi x, rsi out, rdx numbers (a multiple of 16), rcx bits of the factor. */
    static byte[] scaleRow(Isa isa, OperatingSystem system) {
        AttentionKernels kernel = new AttentionKernels(isa, KvType.F32, 1);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        Label loop = new Label();
        frame.enter();
        kernel.broadcast(kernel.register(1), RCX);
        a.bind(loop);
        for (int part = 0; part < kernel.parts; part++) {
            int offset = part * isa.width().bytes();
            a.emit(Op.VMULPS, kernel.register(0), kernel.register(1), Mem.at(RDI, offset));
            a.emit(Op.VMOVUPS_STORE, kernel.register(0), Mem.at(RSI, offset));
        }
        a.add(RDI, BLOCK * Float.BYTES);
        a.add(RSI, BLOCK * Float.BYTES);
        a.sub(RDX, BLOCK);
        a.jump(Assembler.Condition.GREATER, loop);
        frame.leave();
        return a.code();
    }
}
