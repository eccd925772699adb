package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Op.Escape.M0F;
import static tokamak.backend.cpu.x64.Op.Escape.M0F38;
import static tokamak.backend.cpu.x64.Op.Escape.M0F3A;
import static tokamak.backend.cpu.x64.Op.Forms.BOTH;
import static tokamak.backend.cpu.x64.Op.Forms.EVEX_ONLY;
import static tokamak.backend.cpu.x64.Op.Forms.VEX_ONLY;
import static tokamak.backend.cpu.x64.Op.Prefix.NP;
import static tokamak.backend.cpu.x64.Op.Prefix.P66;
import static tokamak.backend.cpu.x64.Op.Prefix.PF2;
import static tokamak.backend.cpu.x64.Op.Prefix.PF3;
import static tokamak.backend.cpu.x64.Op.Tuple.BYTE;
import static tokamak.backend.cpu.x64.Op.Tuple.DWORD;
import static tokamak.backend.cpu.x64.Op.Tuple.FULL;
import static tokamak.backend.cpu.x64.Op.Tuple.HALF;
import static tokamak.backend.cpu.x64.Op.Tuple.HALF_VECTOR_256;
import static tokamak.backend.cpu.x64.Op.Tuple.QUARTER;
import static tokamak.backend.cpu.x64.Op.Tuple.QWORD;
import static tokamak.backend.cpu.x64.Op.Tuple.VECTOR_128;
import static tokamak.backend.cpu.x64.Op.Tuple.WHOLE;
import static tokamak.backend.cpu.x64.Op.Tuple.WORD;

/**
 * The vector instructions the kernels use, as the fields of their VEX and EVEX encodings (Intel SDM, volume 2). Where
 * both encodings exist the assembler takes the shorter VEX unless a zmm register, a register above 15, a mask or an
 * embedded broadcast needs EVEX.
 */
enum Op {
    // ---- moves -----------------------------------------------------------------------------------------------------
    VMOVUPS(NP, M0F, 0x10, WHOLE, BOTH),
    VMOVUPS_STORE(NP, M0F, 0x11, WHOLE, BOTH),
    VMOVDQU(PF3, M0F, 0x6F, WHOLE, BOTH),
    VMOVDQU_STORE(PF3, M0F, 0x7F, WHOLE, BOTH),
    VMOVSS(PF3, M0F, 0x10, DWORD, BOTH),
    VMOVSS_STORE(PF3, M0F, 0x11, DWORD, BOTH),
    VMOVD_STORE(P66, M0F, 0x7E, DWORD, BOTH),
    VMASKMOVPS_STORE(P66, M0F38, 0x2E, WHOLE, VEX_ONLY),
    VMASKMOVPS(P66, M0F38, 0x2C, WHOLE, VEX_ONLY),
    VBROADCASTSS(P66, M0F38, 0x18, DWORD, BOTH),
    VPBROADCASTD(P66, M0F38, 0x58, DWORD, BOTH),
    VPBROADCASTW(P66, M0F38, 0x79, WORD, BOTH),
    /** 64 bits: vbroadcastsd in VEX form, vbroadcastf32x2 in EVEX form. */
    VBROADCASTSD(P66, M0F38, 0x19, QWORD, BOTH),
    VBROADCASTI128(P66, M0F38, 0x5A, VECTOR_128, BOTH),
    VEXTRACTF128(P66, M0F3A, 0x19, VECTOR_128, BOTH),
    VEXTRACTF64X4(P66, M0F3A, 0x1B, HALF_VECTOR_256, EVEX_ONLY),
    VPEXTRB_STORE(P66, M0F3A, 0x14, BYTE, BOTH),
    VPEXTRW_STORE(P66, M0F3A, 0x15, WORD, BOTH),
    VPEXTRD_STORE(P66, M0F3A, 0x16, DWORD, BOTH),
    VPMOVZXBD(P66, M0F38, 0x31, QUARTER, BOTH),
    VPMOVSXBD(P66, M0F38, 0x21, QUARTER, BOTH),
    VPMOVZXWD(P66, M0F38, 0x33, HALF, BOTH),
    VPMOVSXBW(P66, M0F38, 0x20, HALF, BOTH),
    // ---- permutations ----------------------------------------------------------------------------------------------
    VPSHUFB(P66, M0F38, 0x00, WHOLE, BOTH),
    VPSHUFD(P66, M0F, 0x70, FULL, BOTH),
    VSHUFPS(NP, M0F, 0xC6, FULL, BOTH),
    VMOVSLDUP(PF3, M0F, 0x12, WHOLE, BOTH),
    VMOVSHDUP(PF3, M0F, 0x16, WHOLE, BOTH),
    VPERMPS(P66, M0F38, 0x16, FULL, BOTH),
    VPERMD(P66, M0F38, 0x36, FULL, BOTH),
    VPACKSSDW(P66, M0F, 0x6B, FULL, BOTH),
    VPACKSSWB(P66, M0F, 0x63, WHOLE, BOTH),
    VPERM2F128(P66, M0F3A, 0x06, WHOLE, VEX_ONLY),
    VUNPCKLPS(NP, M0F, 0x14, FULL, BOTH),
    VUNPCKHPS(NP, M0F, 0x15, FULL, BOTH),
    // ---- bits ------------------------------------------------------------------------------------------------------
    VPAND(P66, M0F, 0xDB, FULL, BOTH),
    VPOR(P66, M0F, 0xEB, FULL, BOTH),
    VPXOR(P66, M0F, 0xEF, FULL, BOTH),
    VPTERNLOGD(P66, M0F3A, 0x25, FULL, EVEX_ONLY),
    VPTESTMD(P66, M0F38, 0x27, FULL, EVEX_ONLY),
    VPSRLW(P66, M0F, 0x71, 2, WHOLE),
    VPSLLW(P66, M0F, 0x71, 6, WHOLE),
    VPSRLD(P66, M0F, 0x72, 2, FULL),
    VPSRAD(P66, M0F, 0x72, 4, FULL),
    VPSLLD(P66, M0F, 0x72, 6, FULL),
    VPSRLVD(P66, M0F38, 0x45, FULL, BOTH),
    // ---- integers --------------------------------------------------------------------------------------------------
    VPADDD(P66, M0F, 0xFE, FULL, BOTH),
    VPADDW(P66, M0F, 0xFD, WHOLE, BOTH),
    VPSUBD(P66, M0F, 0xFA, FULL, BOTH),
    VPMULLD(P66, M0F38, 0x40, FULL, BOTH),
    VPMAXSD(P66, M0F38, 0x3D, FULL, BOTH),
    VPMINSD(P66, M0F38, 0x39, FULL, BOTH),
    VPABSB(P66, M0F38, 0x1C, WHOLE, BOTH),
    VPSIGNB(P66, M0F38, 0x08, WHOLE, VEX_ONLY),
    VPMADDUBSW(P66, M0F38, 0x04, WHOLE, BOTH),
    VPMADDWD(P66, M0F, 0xF5, WHOLE, BOTH),
    /** Needs AVX-VNNI in VEX form, AVX512_VNNI in EVEX form. */
    VPDPBUSD(P66, M0F38, 0x50, FULL, BOTH),
    // ---- floats ----------------------------------------------------------------------------------------------------
    VADDPS(NP, M0F, 0x58, FULL, BOTH),
    VSUBPS(NP, M0F, 0x5C, FULL, BOTH),
    VMULPS(NP, M0F, 0x59, FULL, BOTH),
    VDIVPS(NP, M0F, 0x5E, FULL, BOTH),
    VMAXPS(NP, M0F, 0x5F, FULL, BOTH),
    VMINPS(NP, M0F, 0x5D, FULL, BOTH),
    VSQRTPS(NP, M0F, 0x51, FULL, BOTH),
    VADDSS(PF3, M0F, 0x58, DWORD, BOTH),
    VMULSS(PF3, M0F, 0x59, DWORD, BOTH),
    VHADDPS(PF2, M0F, 0x7C, WHOLE, VEX_ONLY),
    VFMADD231PS(P66, M0F38, 0xB8, FULL, BOTH),
    VFMADD213PS(P66, M0F38, 0xA8, FULL, BOTH),
    VFNMADD231PS(P66, M0F38, 0xBC, FULL, BOTH),
    VCVTDQ2PS(NP, M0F, 0x5B, FULL, BOTH),
    VCVTPS2DQ(P66, M0F, 0x5B, FULL, BOTH),
    VCVTPH2PS(P66, M0F38, 0x13, HALF, BOTH),
    /** Target and source swapped: the number converted is in the reg field. */
    VCVTPS2PH_STORE(P66, M0F3A, 0x1D, HALF, BOTH),
    /** Needs AVX512_BF16, as the next. */
    VDPBF16PS(PF3, M0F38, 0x52, FULL, EVEX_ONLY),
    /** Half as many bytes come out: the target is named at the width of what is converted. */
    VCVTNEPS2BF16(PF3, M0F38, 0x72, FULL, EVEX_ONLY),
    VCMPPS_MASK(NP, M0F, 0xC2, FULL, EVEX_ONLY),
    VCMPPS(NP, M0F, 0xC2, WHOLE, VEX_ONLY),
    VBLENDVPS(P66, M0F3A, 0x4A, WHOLE, VEX_ONLY),
    VBLENDMPS(P66, M0F38, 0x65, FULL, EVEX_ONLY);

    /** The mandatory prefix; the ordinal is the field's value. */
    enum Prefix {
        NP,
        P66,
        PF3,
        PF2
    }

    /** The opcode map; ordinal + 1 is the field's value. */
    enum Escape {
        M0F,
        M0F38,
        M0F3A
    }

    /** Which encodings exist. */
    enum Forms {
        BOTH,
        VEX_ONLY,
        EVEX_ONLY
    }

    /** How many bytes the memory operand has: EVEX counts 8-bit displacements in this unit. */
    enum Tuple {
        /** A vector, or one dword that is broadcast. */
        FULL,
        /** A vector; no broadcast form. */
        WHOLE,
        HALF,
        QUARTER,
        BYTE,
        WORD,
        DWORD,
        QWORD,
        VECTOR_128,
        HALF_VECTOR_256;

        int bytes(Width width, boolean broadcast) {
            return switch (this) {
                case FULL -> broadcast ? 4 : width.bytes();
                case WHOLE -> width.bytes();
                case HALF -> width.bytes() / 2;
                case QUARTER -> width.bytes() / 4;
                case BYTE -> 1;
                case WORD -> 2;
                case DWORD -> 4;
                case QWORD -> 8;
                case VECTOR_128 -> 16;
                case HALF_VECTOR_256 -> 32;
            };
        }
    }

    private static final int NO_EXTENSION = -1;

    final Prefix prefix;
    final Escape escape;
    final int opcode;
    /** For shifts by a constant: the number in the reg field of ModRM; the destination then sits in vvvv. */
    final int extension;

    final Tuple tuple;
    final Forms forms;

    Op(Prefix prefix, Escape escape, int opcode, Tuple tuple, Forms forms) {
        this(prefix, escape, opcode, NO_EXTENSION, tuple, forms);
    }

    Op(Prefix prefix, Escape escape, int opcode, int extension, Tuple tuple) {
        this(prefix, escape, opcode, extension, tuple, BOTH);
    }

    Op(Prefix prefix, Escape escape, int opcode, int extension, Tuple tuple, Forms forms) {
        this.prefix = prefix;
        this.escape = escape;
        this.opcode = opcode;
        this.extension = extension;
        this.tuple = tuple;
        this.forms = forms;
    }

    boolean isShiftByConstant() {
        return extension != NO_EXTENSION;
    }

    /** The W bit: set for the one instruction here whose elements are 64 bits wide. */
    int wide() {
        return this == VEXTRACTF64X4 ? 1 : 0;
    }
}
