package tokamak.backend.cpu.x64;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** An instruction set the kernels can be generated for, narrowest first. */
public enum Isa {
    /** AVX2, FMA and F16C: int8 products by vpmaddubsw and vpmaddwd. */
    AVX2(Width.Y, 16),
    /** AVX2 with the four-way int8 product vpdpbusd. */
    AVX_VNNI(Width.Y, 16),
    /** AVX-512 F, DQ, BW, VL and VNNI: twice as wide, twice as many registers, operands broadcast from memory. */
    AVX512(Width.Z, 32),
    /**
     * AVX-512 with the two-way bfloat16 product vdpbf16ps: activations of bfloat16 weights are rounded to bfloat16, which moves
     * logits by more than float32 arithmetic is allowed to. So it is used only where it is asked for.
     */
    AVX512_BF16(Width.Z, 32),
    /**
     * AVX-512 with tiles of bytes and bfloat16. Not tried on hardware: used where its products were seen to be right when it is chosen.
     */
    AMX(Width.Z, 32);

    private final Width width;
    private final int numRegisters;

    Isa(Width width, int numRegisters) {
        this.width = width;
        this.numRegisters = numRegisters;
    }

    Width width() {
        return width;
    }

    int numRegisters() {
        return numRegisters;
    }

    /** 32-bit lanes per register: as many weight rows are interleaved. */
    int lanes() {
        return width.lanes();
    }

    /** The name people write on the command line: {@code avx2}, {@code avxvnni}, {@code avx512}, {@code avx512bf16}, {@code amx}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace("_", "");
    }

    /** What this processor can run, narrowest first; empty if it lacks AVX2, FMA or F16C. */
    static List<Isa> availableOn(CpuFeatures features) {
        List<Isa> available = new ArrayList<>();
        if (features.avx2()) {
            available.add(AVX2);
        }
        if (features.avxVnni()) {
            available.add(AVX_VNNI);
        }
        if (features.avx512()) {
            available.add(AVX512);
        }
        if (features.avx512Bf16()) {
            available.add(AVX512_BF16);
        }
        if (features.amx()) {
            available.add(AMX);
        }
        return available;
    }

    /** The widest that computes as exactly as the others. */
    static Isa bestOf(List<Isa> available) {
        return available.stream().filter(isa -> isa != AVX512_BF16).toList().getLast();
    }

    /**
     * The instruction set of that label.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Isa ofLabel(String label) {
        return Arrays.stream(values())
                .filter(isa -> isa.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("instruction set '" + label
                        + "' is unknown; expected one of "
                        + Arrays.stream(values()).map(Isa::label).toList() + ", or 'scalar' for plain Java"));
    }
}
