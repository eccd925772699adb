package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RSP;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Generates the product of one panel of integer-coded weight rows with a tile of tokens. Per sub-block the products of
 * codes and activation bytes are summed exactly in integers; then per token {@code sum += integer * (scale * xScale)} in one
 * fixed order over k. The result of a token depends on nothing but that token, whatever the tile.
 *
 * <p>Registers of a tile of T tokens: T integer sums, T float sums, and what is left for codes and constants. AVX-512 takes
 * 12 tokens, the 16 registers of AVX2 six. With AMX there are larger tiles, of 13 to 16 tokens, whose integers come from tile
 * registers through memory: the same integers, so that a token's result is the same bit for bit either way. Per 16 x 16 results and group
 * that leaves 64 vector instructions of scaling where vpdpbusd needs 192; the tiles are not tried on hardware.
 */
final class QuantLinearKernel {

    private final Assembler a = new Assembler();
    private final PanelLoop loop;
    private final Isa isa;
    private final QuantFormat format;
    private final DotMode mode;
    private final PackedLayout packed;
    private final ActivationLayout activations;
    private final int tokens;

    /** Whether tile registers multiply. */
    private final boolean tiled;

    /** One per token; some for all in turn where tiles multiply. */
    private final Vec[] integers;

    private final Vec[] floats;
    /** Codes, and while a sub-block is being scaled its scale and minimum. */
    private final Vec[] codes;

    /** Scale and minimum of a block's groups, loaded once for all of them where registers are left; else as {@link #codes}. */
    private final boolean scalesStay;

    private final Vec scale;
    private final Vec min;
    private final Vec temporary;
    private final Vec constant;

    /** Masks and packed codes stay in registers where some are left: else they are read again for every step. */
    private final @Nullable Vec lowMask;

    private final @Nullable Vec packedLows;
    private final @Nullable Vec highMask;
    private final @Nullable Vec packedHighs;

    private static final int VECTOR_TOKENS = 12;
    /** Of pages, lines, both and neither, the best for 1, 2, 4, 8 and 12 tokens of Q4_0 and Q8_0 in all. */
    private static final int MAX_TOKENS_ASKING_FOR_PAGES = 4;

    private static final int MIN_TOKENS_ASKING_FOR_LINES = 2;
    private static final Tile TILE_SUMS = new Tile(0);
    private static final Tile TILE_ACTIVATIONS = new Tile(1);
    private static final Tile TILE_CODES = new Tile(2);
    /** Where the room at rsp has decoded codes, and behind them the sums. */
    private static final int CODES_BYTES = PackedLayout.STEPS * TileConfig.MAX_ROW_BYTES;

    private QuantLinearKernel(Isa isa, QuantFormat format, int tokens) {
        this.isa = isa;
        this.format = format;
        this.mode = DotMode.of(format, isa);
        this.packed = PackedLayout.of(format, isa);
        this.activations = ActivationLayout.of(format, isa);
        this.tokens = tokens;
        this.loop = new PanelLoop(a, isa, tokens, 1);
        boolean wide = isa.numRegisters() == 32;
        int max = wide ? VECTOR_TOKENS : 6;
        this.tiled = tokens > max;
        this.integers = tiled ? registers(TileConfig.MAX_ROWS, 8) : registers(0, tokens);
        this.floats = registers(tiled ? 0 : max, tokens);
        this.codes = registers(2 * max, wide ? 4 : 2);
        this.temporary = register(wide ? 28 : 14);
        this.constant = register(wide ? 29 : 15);
        // a tile that isn't full leaves a register of either kind of sums
        this.scalesStay = format.groupsPerBlock() > 1 && format.scales.subBlockBytes == 0 && (wide || tokens < max);
        this.scale = !scalesStay ? codes[0] : register(wide ? 30 : tokens);
        this.min = !scalesStay ? codes[1] : register(wide ? 31 : max + tokens);
        Queue<Vec> spare = tiled ? new ArrayDeque<>() : spareRegisters(wide, max);
        this.lowMask = format.lowBits < 8 ? spare.poll() : null;
        this.packedLows = format.lowBits < 8 ? spare.poll() : null;
        this.highMask = format.highBits > 0 ? spare.poll() : null;
        this.packedHighs = format.highBits > 0 ? spare.poll() : null;
    }

    private Queue<Vec> spareRegisters(boolean wide, int max) {
        Queue<Vec> spare = new ArrayDeque<>();
        for (int i = tokens + (scalesStay && !wide ? 1 : 0); i < max; i++) {
            spare.add(register(i));
            spare.add(register(max + i));
        }
        if (wide && !scalesStay) {
            spare.add(register(30));
            spare.add(register(31));
        }
        if (wide && !format.hasCodebook()) {
            spare.add(constant);
        }
        return spare;
    }

    /** Tokens of the largest tile. */
    static int maxTokens(Isa isa, QuantFormat format) {
        return switch (isa) {
            case AVX2, AVX_VNNI -> 6;
            case AVX512, AVX512_BF16 -> VECTOR_TOKENS;
            // with a scale per 16 numbers half of each tile would stay empty
            case AMX -> format.subBlock == QuantFormat.GROUP ? TileConfig.MAX_ROWS : VECTOR_TOKENS;
        };
    }

    /**
     * The routine for tiles of {@code tokens} tokens; arguments as in {@link PanelLoop}, steps of k being blocks.
     */
    static byte[] generate(Isa isa, OperatingSystem system, QuantFormat format, int tokens) {
        QuantLinearKernel kernel = new QuantLinearKernel(isa, format, tokens);
        int firstSum = kernel.floats[0].number();
        if (kernel.tiled) {
            kernel.loop.emit(system, firstSum, kernel.temporary.number(), kernel.tileFrame(), kernel::panel);
        } else {
            kernel.loop.emit(system, firstSum, kernel.temporary.number(), kernel::panel);
        }
        return kernel.a.code();
    }

    private TileFrame tileFrame() {
        TileConfig config = new TileConfig()
                .with(TILE_SUMS, tokens, TileConfig.MAX_ROW_BYTES)
                .with(TILE_ACTIVATIONS, tokens, QuantFormat.GROUP)
                .with(TILE_CODES, PackedLayout.STEPS, TileConfig.MAX_ROW_BYTES);
        return new TileFrame(a, config, CODES_BYTES + tokens * TileConfig.MAX_ROW_BYTES);
    }

    private Vec register(int number) {
        return new Vec(isa.width(), number);
    }

    private Vec[] registers(int first, int count) {
        Vec[] registers = new Vec[count];
        for (int i = 0; i < count; i++) {
            registers[i] = register(first + i);
        }
        return registers;
    }

    private void panel() {
        for (Vec sum : floats) {
            a.emit(Op.VPXOR, sum, sum, sum);
        }
        if (format.hasCodebook()) {
            a.emit(Op.VMOVDQU, constant, a.table(codebookTable()));
        }
        if (lowMask != null) {
            a.emit(Op.VMOVDQU, lowMask, a.constantBytes(lowBitsMask()));
        }
        if (highMask != null) {
            a.emit(Op.VMOVDQU, highMask, a.constantBytes(highBitsMask()));
        }
        if (tokens <= MAX_TOKENS_ASKING_FOR_PAGES) {
            loop.askForPages(packed.headerBytes() + format.groupsPerBlock() * packed.groupBytes());
        }
        Label block = new Label();
        a.align(32);
        a.bind(block);
        a.mov(R15, RAX);
        a.add(RAX, packed.headerBytes());
        if (format.groupsPerBlock() == 1) {
            group();
        } else {
            Label group = new Label();
            if (scalesStay) {
                loadScales(0);
            }
            a.mov32(R14, format.groupsPerBlock());
            a.align(32);
            a.bind(group);
            group();
            a.sub(R14, 1);
            a.jump(Assembler.Condition.NOT_ZERO, group);
        }
        a.sub(R12, 1);
        a.jump(Assembler.Condition.NOT_ZERO, block);
    }

    private byte[] codebookTable() {
        byte[] book = format.codebook();
        byte[] table = new byte[Width.Z.bytes()];
        for (int i = 0; i < table.length; i++) {
            table[i] = (byte) (book[i % 16] + (mode == DotMode.SIGNED ? 0 : format.offset));
        }
        return table;
    }

    private void group() {
        if (tokens >= MIN_TOKENS_ASKING_FOR_LINES) {
            loop.askForLines(packed.groupBytes());
        }
        if (tiled) {
            multiplyTiles();
            scaleTiles();
        } else {
            multiplyVectors();
        }
        a.add(RAX, packed.groupBytes());
        a.add(RBX, tokens * activations.groupBytes());
    }

    private void multiplyVectors() {
        int stepsPerSubBlock = format.subBlock / DotMode.STEP;
        for (int sub = 0; sub < format.subBlocksPerGroup(); sub++) {
            startIntegers(sub);
            int stride = mode == DotMode.WORD_PAIRS ? 2 : 1;
            for (int step = sub * stepsPerSubBlock; step < (sub + 1) * stepsPerSubBlock; step += stride) {
                multiply(step);
            }
            scaleIntegers(sub);
        }
    }

    /** Codes of a step are a row of a tile; those of eight bits lie in memory as the tile wants them. */
    private void multiplyTiles() {
        Mem rows = Mem.at(RAX, RBP, 1, packed.lowOffset(0));
        if (format.lowBits < 8) {
            for (int step = 0; step < PackedLayout.STEPS; step++) {
                Vec code = codes[step % codes.length];
                decode(step, code);
                a.emit(Op.VMOVDQU_STORE, code, Mem.at(RSP, step * TileConfig.MAX_ROW_BYTES));
            }
            rows = Mem.at(RSP, RBP, 1, 0);
        }
        a.mov32(RBP, TileConfig.MAX_ROW_BYTES);
        a.tileloadd(TILE_CODES, rows);
        a.mov32(RBP, activations.groupBytes());
        a.tileloadd(TILE_ACTIVATIONS, Mem.at(RBX, RBP, 1, activations.stepOffset(0)));
        a.tilezero(TILE_SUMS);
        a.tdpbsud(TILE_SUMS, TILE_ACTIVATIONS, TILE_CODES);
        a.mov32(RBP, TileConfig.MAX_ROW_BYTES);
        a.tilestored(Mem.at(RSP, RBP, 1, CODES_BYTES), TILE_SUMS);
    }

    private void scaleTiles() {
        if (!scalesStay) {
            loadScales(0);
        }
        for (int token = 0; token < tokens; token++) {
            Vec integer = integers[token % integers.length];
            a.emit(Op.VMOVDQU, integer, Mem.at(RSP, CODES_BYTES + token * TileConfig.MAX_ROW_BYTES));
            if (startsAtSlot()) {
                a.emit(
                        Op.VPADDD,
                        integer,
                        integer,
                        activation(token, activations.slotOffset(0)).broadcastDword());
            }
            scaleInteger(0, token, integer);
        }
    }

    private Mem activation(int token, int offset) {
        return Mem.at(RBX, token * activations.groupBytes() + offset);
    }

    private boolean startsAtSlot() {
        return activations.slot() != ActivationLayout.Slot.SCALED_SUM && activations.offset() != 0;
    }

    private void startIntegers(int sub) {
        boolean startsAtSlot = startsAtSlot();
        for (int token = 0; token < tokens; token++) {
            Vec sum = integers[token];
            if (startsAtSlot) {
                a.emit(Op.VPBROADCASTD, sum, activation(token, activations.slotOffset(sub)));
            } else {
                a.emit(Op.VPXOR, sum, sum, sum);
            }
        }
    }

    // ---- codes -----------------------------------------------------------------------------------------------------

    /** Leaves the unsigned codes (in {@link DotMode#SIGNED} the signed values) of a step in {@code target}. */
    private void decode(int step, Vec target) {
        lowBits(step, target);
        if (format.highBits > 0) {
            highBits(step, target);
        }
        if (format.hasCodebook()) {
            a.emit(Op.VPSHUFB, target, constant, target);
        }
    }

    private void lowBits(int step, Vec target) {
        int inRegister = step % packed.stepsPerLowRegister();
        Vec source = packedLows == null ? target : packedLows;
        if (packedLows == null || inRegister == 0) {
            a.emit(Op.VMOVDQU, source, Mem.at(RAX, packed.lowOffset(step)));
        }
        if (format.lowBits < 8) {
            Vec shifted = shiftRight(target, source, inRegister * format.lowBits);
            and(target, shifted, lowMask, lowBitsMask());
        }
    }

    /** Moves the step's high bits above the low ones. Shifts work on words: what crosses a byte's border is masked away. */
    private void highBits(int step, Vec target) {
        int inRegister = step % packed.stepsPerHighRegister();
        Vec source = packedHighs == null ? temporary : packedHighs;
        if (packedHighs == null || inRegister == 0) {
            a.emit(Op.VMOVDQU, source, Mem.at(RAX, packed.highOffset(step)));
        }
        Vec shifted = shiftRight(temporary, source, inRegister * format.highBits - format.lowBits);
        and(temporary, shifted, highMask, highBitsMask());
        a.emit(Op.VPOR, target, target, temporary);
    }

    private int lowBitsMask() {
        return (1 << format.lowBits) - 1;
    }

    private int highBitsMask() {
        return (1 << format.highBits) - 1 << format.lowBits;
    }

    /** The register that holds what was shifted: {@code target}, or {@code source} where there is nothing to shift. */
    private Vec shiftRight(Vec target, Vec source, int count) {
        if (count == 0) {
            return source;
        }
        a.emit(count > 0 ? Op.VPSRLW : Op.VPSLLW, target, source, Math.abs(count));
        return target;
    }

    private void and(Vec target, Vec source, @Nullable Vec mask, int maskBits) {
        a.emit(Op.VPAND, target, source, mask == null ? a.constantBytes(maskBits) : mask);
    }

    // ---- products --------------------------------------------------------------------------------------------------

    private void multiply(int step) {
        Vec code = codes[step % codes.length];
        switch (mode) {
            case VNNI -> {
                decode(step, code);
                multiplyVnni(step, code);
            }
            case WORDS -> {
                decode(step, code);
                for (int token = 0; token < tokens; token++) {
                    a.emit(Op.VPBROADCASTD, temporary, activation(token, activations.stepOffset(step)));
                    a.emit(Op.VPMADDUBSW, temporary, code, temporary);
                    a.emit(Op.VPADDW, integers[token], integers[token], temporary);
                }
            }
            case WORD_PAIRS -> {
                decode(step, codes[0]);
                decode(step + 1, codes[1]);
                multiplyPair(step);
            }
            case SIGNED -> {
                decode(step, codes[0]);
                a.emit(Op.VPABSB, codes[1], codes[0]);
                multiplySigned(step);
            }
        }
    }

    private void multiplyVnni(int step, Vec code) {
        for (int token = 0; token < tokens; token++) {
            Mem activation = activation(token, activations.stepOffset(step));
            if (isa.width() == Width.Z) {
                a.emit(Op.VPDPBUSD, integers[token], code, activation.broadcastDword());
            } else {
                a.emit(Op.VPBROADCASTD, temporary, activation);
                a.emit(Op.VPDPBUSD, integers[token], code, temporary);
            }
        }
    }

    private void multiplyPair(int step) {
        for (int token = 0; token < tokens; token++) {
            a.emit(Op.VPBROADCASTD, temporary, activation(token, activations.stepOffset(step)));
            a.emit(Op.VPBROADCASTD, constant, activation(token, activations.stepOffset(step + 1)));
            a.emit(Op.VPMADDUBSW, temporary, codes[0], temporary);
            a.emit(Op.VPMADDUBSW, constant, codes[1], constant);
            a.emit(Op.VPADDW, temporary, temporary, constant);
            a.emit(Op.VPMADDWD, temporary, temporary, a.constant32(0x0001_0001));
            a.emit(Op.VPADDD, integers[token], integers[token], temporary);
        }
    }

    private void multiplySigned(int step) {
        for (int token = 0; token < tokens; token++) {
            a.emit(Op.VPBROADCASTD, temporary, activation(token, activations.stepOffset(step)));
            a.emit(Op.VPSIGNB, temporary, temporary, codes[0]);
            a.emit(Op.VPMADDUBSW, temporary, codes[1], temporary);
            a.emit(Op.VPMADDWD, temporary, temporary, a.constant32(0x0001_0001));
            a.emit(Op.VPADDD, integers[token], integers[token], temporary);
        }
    }

    // ---- scales ----------------------------------------------------------------------------------------------------

    private void scaleIntegers(int sub) {
        if (!scalesStay) {
            loadScales(sub);
        }
        for (int token = 0; token < tokens; token++) {
            Vec integer = integers[token];
            if (mode == DotMode.WORDS) {
                a.emit(Op.VPMADDWD, integer, integer, a.constant32(0x0001_0001));
            }
            scaleInteger(sub, token, integer);
        }
    }

    private void scaleInteger(int sub, int token, Vec integer) {
        a.emit(Op.VCVTDQ2PS, integer, integer);
        Mem xScale = activation(token, 0);
        Mem slot = activation(token, activations.slotOffset(sub));
        if (isa.width() == Width.Z) {
            Vec product = register(codes[2].number() + token % 2);
            a.emit(Op.VMULPS, product, scale, xScale.broadcastDword());
            a.emit(Op.VFMADD231PS, floats[token], integer, product);
            if (format.scales.hasMin) {
                a.emit(addMin(), floats[token], min, slot.broadcastDword());
            }
        } else {
            a.emit(Op.VBROADCASTSS, temporary, xScale);
            a.emit(Op.VMULPS, temporary, scale, temporary);
            a.emit(Op.VFMADD231PS, floats[token], integer, temporary);
            if (format.scales.hasMin) {
                a.emit(Op.VBROADCASTSS, temporary, slot);
                a.emit(addMin(), floats[token], min, temporary);
            }
        }
    }

    /** What a zero point is worth is subtracted. */
    private Op addMin() {
        return switch (format.scales) {
            case F16_AND_ZERO, F32_AND_ZERO -> Op.VFNMADD231PS;
            case F16, F16_AND_MIN, F32, E8M0, UE5M3, SUPER, SUPER_AND_MIN, SUPER_NIBBLES -> Op.VFMADD231PS;
        };
    }

    private void loadScales(int sub) {
        int lanes = isa.lanes();
        Mem header = Mem.at(R15, 0);
        Mem secondHeader = Mem.at(R15, 2 * lanes);
        Mem factors = Mem.at(RAX, packed.factorOffset(sub));
        switch (format.scales) {
            case F16 -> a.emit(Op.VCVTPH2PS, scale, header);
            case F16_AND_MIN -> {
                a.emit(Op.VCVTPH2PS, scale, header);
                a.emit(Op.VCVTPH2PS, min, secondHeader);
            }
            case F16_AND_ZERO -> {
                a.emit(Op.VCVTPH2PS, scale, header);
                minOfZero(secondHeader);
            }
            case F32 -> a.emit(Op.VMOVUPS, scale, header);
            case F32_AND_ZERO -> {
                a.emit(Op.VMOVUPS, scale, header);
                minOfZero(Mem.at(R15, 4 * lanes));
            }
            case E8M0 -> {
                a.emit(Op.VPMOVZXBD, scale, header);
                a.emit(Op.VPSLLD, scale, scale, 23);
            }
            case UE5M3 -> {
                a.emit(Op.VPMOVZXBD, scale, factors);
                a.emit(Op.VPSLLD, scale, scale, 20);
                a.emit(Op.VMULPS, scale, scale, a.constantFloat(QuantFormat.Scales.UE5M3_UNIT));
            }
            case SUPER -> {
                a.emit(Op.VPMOVSXBD, scale, factors);
                timesHalf(scale, header);
            }
            case SUPER_AND_MIN -> {
                a.emit(Op.VPMOVZXBD, scale, factors);
                timesHalf(scale, header);
                a.emit(Op.VPMOVZXBD, min, Mem.at(RAX, packed.factorOffset(sub) + lanes));
                timesHalf(min, secondHeader);
            }
            case SUPER_NIBBLES -> {
                a.emit(Op.VPMOVZXBD, scale, factors);
                a.emit(Op.VPSRLD, min, scale, 4);
                a.emit(Op.VPAND, scale, scale, a.constant32(15));
                timesHalf(scale, header);
                timesHalf(min, secondHeader);
            }
        }
    }

    /** Where codes are signed, so are zero points: the packer has flipped both. */
    private void minOfZero(Mem zeros) {
        a.emit(mode == DotMode.SIGNED ? Op.VPMOVSXBD : Op.VPMOVZXBD, min, zeros);
        a.emit(Op.VCVTDQ2PS, min, min);
        a.emit(Op.VMULPS, min, min, scale);
    }

    private void timesHalf(Vec integer, Mem half) {
        a.emit(Op.VCVTDQ2PS, integer, integer);
        a.emit(Op.VCVTPH2PS, temporary, half);
        a.emit(Op.VMULPS, integer, integer, temporary);
    }
}
