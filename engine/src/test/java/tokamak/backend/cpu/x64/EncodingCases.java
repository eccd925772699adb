package tokamak.backend.cpu.x64;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/** Every instruction of the assembler with registers and addresses of every kind, beside its text in Intel syntax. */
final class EncodingCases {
    /** The operand pattern of an instruction. */
    private enum Form {
        LOAD,
        STORE,
        TERNARY,
        TERNARY_CONSTANT,
        SHIFT,
        SHUFFLE,
        MASKED_STORE
    }

    private static final Mem[] PLACES = {
        Mem.at(Gpr.RSI, 0),
        Mem.at(Gpr.RBP, 0),
        Mem.at(Gpr.R12, 64),
        Mem.at(Gpr.R13, Gpr.R9, 4, 0),
        Mem.at(Gpr.RAX, Gpr.RCX, 8, 4 * 127),
        Mem.at(Gpr.R8, -33),
        Mem.at(Gpr.RDX, 0x12345)
    };

    private final Map<String, byte[]> cases = new LinkedHashMap<>();

    private EncodingCases() {}

    /** From text to the bytes this assembler makes of it. */
    static Map<String, byte[]> all() {
        EncodingCases cases = new EncodingCases();
        for (Op op : Op.values()) {
            cases.addVector(op);
        }
        cases.addMasks();
        cases.addTiles();
        cases.addGeneral();
        return cases.cases;
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private void add(String text, Consumer<Assembler> instruction) {
        Assembler assembler = new Assembler();
        instruction.accept(assembler);
        cases.put(text, assembler.code());
    }

    private static Form formOf(Op op) {
        return switch (op) {
            case VMOVUPS, VMOVDQU, VMOVSS, VBROADCASTSS, VPBROADCASTD, VPBROADCASTW -> Form.LOAD;
            case VBROADCASTSD, VBROADCASTI128 -> Form.LOAD;
            case VPMOVZXBD, VPMOVSXBD, VPMOVZXWD, VPMOVSXBW, VPABSB, VSQRTPS, VMOVSLDUP, VMOVSHDUP -> Form.LOAD;
            case VCVTDQ2PS, VCVTPS2DQ, VCVTPH2PS, VCVTNEPS2BF16 -> Form.LOAD;
            case VMOVUPS_STORE, VMOVDQU_STORE, VMOVSS_STORE, VMOVD_STORE -> Form.STORE;
            case VEXTRACTF128, VEXTRACTF64X4, VCVTPS2PH_STORE, VPEXTRB_STORE, VPEXTRW_STORE, VPEXTRD_STORE ->
                Form.STORE;
            case VMASKMOVPS, VMASKMOVPS_STORE -> Form.MASKED_STORE;
            case VPSRLW, VPSLLW, VPSRLD, VPSRAD, VPSLLD -> Form.SHIFT;
            case VPSHUFD -> Form.SHUFFLE;
            case VPERM2F128, VPTERNLOGD, VCMPPS, VSHUFPS -> Form.TERNARY_CONSTANT;
            default -> Form.TERNARY;
        };
    }

    private void addVector(Op op) {
        if (op == Op.VPTESTMD || op == Op.VCMPPS_MASK || op == Op.VBLENDVPS) {
            return;
        }
        for (Width width : widthsOf(op)) {
            int top = width == Width.Z ? 31 : 15;
            addRegisters(op, new Vec(width, 1), new Vec(width, 2), 3, width == Width.Z);
            addRegisters(op, new Vec(width, top - 2), new Vec(width, top - 4), top - 3, width == Width.Z);
            for (int i = 0; i < PLACES.length; i++) {
                addMemory(
                        op,
                        new Vec(width, (5 * i + 3) % (top + 1)),
                        new Vec(width, (7 * i + 9) % (top + 1)),
                        PLACES[i]);
            }
            if (width == Width.Z && op.tuple == Op.Tuple.FULL) {
                addMemory(op, Vec.zmm(2), Vec.zmm(22), Mem.at(Gpr.RBX, 4 * 127).broadcastDword());
                addMemory(
                        op,
                        Vec.zmm(30),
                        Vec.zmm(7),
                        Mem.at(Gpr.R9, Gpr.R10, 2, 4 * 128).broadcastDword());
            }
        }
    }

    private static List<Width> widthsOf(Op op) {
        List<Width> widths = new ArrayList<>();
        boolean scalar = op == Op.VPEXTRB_STORE
                || op == Op.VPEXTRW_STORE
                || op.tuple == Op.Tuple.DWORD && op != Op.VBROADCASTSS && op != Op.VPBROADCASTD;
        if (scalar) {
            widths.add(Width.X);
        } else {
            if (op.forms != Op.Forms.EVEX_ONLY) {
                widths.add(Width.Y);
            }
            if (op.forms != Op.Forms.VEX_ONLY) {
                widths.add(Width.Z);
            }
        }
        return widths;
    }

    private void addRegisters(Op op, Vec target, Vec left, int right, boolean evex) {
        Width width = switch (op.tuple) {
            case FULL, WHOLE -> target.width();
            case HALF -> target.width() == Width.Z ? Width.Y : Width.X;
            case HALF_VECTOR_256 -> Width.Y;
            case QUARTER, BYTE, WORD, DWORD, QWORD, VECTOR_128 -> Width.X;
        };
        Vec last = new Vec(width, right);
        boolean memoryOnly = formOf(op) == Form.MASKED_STORE
                || op == Op.VBROADCASTI128
                || op == Op.VMOVSS
                || op == Op.VMOVSS_STORE
                || op == Op.VMOVD_STORE
                || op == Op.VPEXTRB_STORE
                || op == Op.VPEXTRW_STORE
                || op == Op.VPEXTRD_STORE
                || op == Op.VMOVUPS_STORE
                || op == Op.VMOVDQU_STORE
                || op == Op.VCVTPS2PH_STORE && evex;
        if (!memoryOnly) {
            addCase(op, target, left, last, last.toString());
        }
    }

    private void addMemory(Op op, Vec target, Vec left, Mem place) {
        boolean shiftInVex = formOf(op) == Form.SHIFT && target.width() != Width.Z;
        if (!shiftInVex) {
            addCase(op, target, left, place, text(op, target.width(), place));
        }
    }

    private void addCase(Op op, Vec target, Vec left, Operand last, String lastText) {
        boolean evex = target.width() == Width.Z;
        String name = mnemonic(op, evex);
        switch (formOf(op)) {
            case LOAD -> {
                Vec named = op == Op.VCVTNEPS2BF16 ? target.as(Width.Y) : target;
                add(name + " " + named + "," + lastText, a -> a.emit(op, target, last));
            }
            case STORE -> {
                boolean constant = op == Op.VEXTRACTF128
                        || op == Op.VEXTRACTF64X4
                        || op == Op.VCVTPS2PH_STORE
                        || op == Op.VPEXTRB_STORE
                        || op == Op.VPEXTRW_STORE
                        || op == Op.VPEXTRD_STORE;
                if (constant) {
                    add(name + " " + lastText + "," + target + ",1", a -> a.emit(op, target, last, 1));
                } else {
                    add(name + " " + lastText + "," + target, a -> a.emit(op, target, last));
                }
            }
            case MASKED_STORE -> {
                if (op == Op.VMASKMOVPS) {
                    add(name + " " + target + "," + left + "," + lastText, a -> a.emit(op, target, left, last));
                } else {
                    add(name + " " + lastText + "," + left + "," + target, a -> a.emit(op, target, left, last));
                }
            }
            case TERNARY -> add(name + " " + target + "," + left + "," + lastText, a -> a.emit(op, target, left, last));
            case TERNARY_CONSTANT ->
                add(
                        name + " " + target + "," + left + "," + lastText + ",0x1a",
                        a -> a.emit(op, target, left, last, 0x1a));
            case SHIFT, SHUFFLE -> add(name + " " + target + "," + lastText + ",5", a -> a.emit(op, target, last, 5));
        }
    }

    private static String mnemonic(Op op, boolean evex) {
        String name = op.name().toLowerCase(Locale.ROOT).replace("_store", "");
        if (!evex) {
            return op == Op.VPDPBUSD ? "{vex} " + name : name;
        }
        return switch (op) {
            case VPAND, VPOR, VPXOR -> name + "d";
            case VMOVDQU, VMOVDQU_STORE -> name + "32";
            case VBROADCASTSD -> "vbroadcastf32x2";
            case VBROADCASTI128 -> "vbroadcasti32x4";
            case VEXTRACTF128 -> "vextractf32x4";
            default -> name;
        };
    }

    private static String text(Op op, Width width, Mem place) {
        int bytes = op.tuple.bytes(width, place.broadcast());
        String size = switch (bytes) {
            case 1 -> "byte";
            case 2 -> "word";
            case 4 -> "dword";
            case 8 -> "qword";
            case 16 -> "xmmword";
            case 32 -> "ymmword";
            default -> "zmmword";
        };
        String suffix = place.broadcast() ? "{1to" + width.lanes() + "}" : "";
        return size + " ptr " + address(place) + suffix;
    }

    private static String address(Mem place) {
        String text = "[" + name(Objects.requireNonNull(place.base()));
        if (place.index() != null) {
            text += "+" + name(place.index()) + "*" + place.scale();
        }
        return text + (place.disp() < 0 ? "" : "+") + place.disp() + "]";
    }

    private static String name(Gpr register) {
        return register.name().toLowerCase(Locale.ROOT);
    }

    private void addMasks() {
        add("vptestmd k3,zmm9,zmm17", a -> a.emitTest(Op.VPTESTMD, new Mask(3), Vec.zmm(9), Vec.zmm(17)));
        add("vcmpps k1,zmm2,zmm31,2", a -> a.emitTest(Op.VCMPPS_MASK, new Mask(1), Vec.zmm(2), Vec.zmm(31), 2));
        add(
                "vmovups zmmword ptr [r8+64]{k1},zmm20",
                a -> a.emitMasked(Op.VMOVUPS_STORE, new Mask(1), Vec.zmm(20), Mem.at(Gpr.R8, 64)));
        add(
                "vmovups zmm3{k2}{z},zmmword ptr [rdi-64]",
                a -> a.emitZeroing(Op.VMOVUPS, new Mask(2), Vec.zmm(3), Mem.at(Gpr.RDI, -64)));
        add("vaddps zmm3{k7},zmm4,zmm5", a -> a.emitMasked(Op.VADDPS, new Mask(7), Vec.zmm(3), Vec.zmm(4), Vec.zmm(5)));
        add("vblendvps ymm1,ymm2,ymm13,ymm14", a -> a.vblendvps(Vec.ymm(1), Vec.ymm(2), Vec.ymm(13), Vec.ymm(14)));
        add(
                "vpdpbusd zmm1,zmm2,dword ptr [rax+508]{1to16}",
                a -> a.emit(
                        Op.VPDPBUSD,
                        Vec.zmm(1),
                        Vec.zmm(2),
                        Mem.at(Gpr.RAX, 508).broadcastDword()));
        add("kmovw k1,eax", a -> a.kmovw(new Mask(1), Gpr.RAX));
        add("kmovw k5,edi", a -> a.kmovw(new Mask(5), Gpr.RDI));
    }

    private void addTiles() {
        Mem rows = Mem.at(Gpr.RSI, Gpr.RCX, 1, 64);
        Mem farRows = Mem.at(Gpr.RSP, Gpr.R14, 1, 0x1000);
        add("ldtilecfg " + address(PLACES[2]), a -> a.ldtilecfg(PLACES[2]));
        add("tilerelease", Assembler::tilerelease);
        add("tilezero tmm5", a -> a.tilezero(new Tile(5)));
        add("tileloadd tmm3," + address(rows), a -> a.tileloadd(new Tile(3), rows));
        add("tileloadd tmm6," + address(farRows), a -> a.tileloadd(new Tile(6), farRows));
        add("tilestored " + address(rows) + ",tmm7", a -> a.tilestored(rows, new Tile(7)));
        add("tdpbsud tmm1,tmm2,tmm3", a -> a.tdpbsud(new Tile(1), new Tile(2), new Tile(3)));
        add("tdpbsud tmm7,tmm0,tmm5", a -> a.tdpbsud(new Tile(7), new Tile(0), new Tile(5)));
        add("tdpbf16ps tmm4,tmm6,tmm1", a -> a.tdpbf16ps(new Tile(4), new Tile(6), new Tile(1)));
    }

    private void addGeneral() {
        for (Gpr[] pair : new Gpr[][] {{Gpr.RAX, Gpr.R9}, {Gpr.R12, Gpr.RBP}, {Gpr.RSI, Gpr.RDX}}) {
            Gpr a = pair[0];
            Gpr b = pair[1];
            String both = name(a) + "," + name(b);
            add("mov " + both, x -> x.mov(a, b));
            add("add " + both, x -> x.add(a, b));
            add("sub " + both, x -> x.sub(a, b));
            add("cmp " + both, x -> x.cmp(a, b));
            add("xor " + both, x -> x.arithmetic(Assembler.Arithmetic.XOR, a, b));
            add("imul " + both, x -> x.imul(a, b));
            for (int constant : new int[] {1, -128, 1000}) {
                add("add " + name(a) + "," + constant, x -> x.add(a, constant));
                add("sub " + name(b) + "," + constant, x -> x.sub(b, constant));
                add("cmp " + name(a) + "," + constant, x -> x.cmp(a, constant));
                add("and " + name(b) + "," + constant, x -> x.arithmetic(Assembler.Arithmetic.AND, b, constant));
            }
            add("neg " + name(a), x -> x.neg(a));
            add("shl " + name(a) + ",6", x -> x.shl(a, 6));
            add("shr " + name(b) + ",3", x -> x.shr(b, 3));
            add("push " + name(a), x -> x.push(a));
            add("pop " + name(b), x -> x.pop(b));
        }
        for (Mem place : PLACES) {
            String address = "ptr " + address(place);
            add("mov r11,qword " + address, x -> x.mov(Gpr.R11, place));
            add("mov qword " + address + ",rbx", x -> x.mov(place, Gpr.RBX));
            add("mov edi,dword " + address, x -> x.mov32(Gpr.RDI, place));
            add("mov dword " + address + ",r10d", x -> x.mov32(place, Gpr.R10));
            add("lea rcx," + address(place), x -> x.lea(Gpr.RCX, place));
            add("prefetcht0 byte " + address, x -> x.prefetchT0(place));
            add("prefetchnta byte " + address, x -> x.prefetchNta(place));
        }
        add("mov eax,0x12345", x -> x.mov32(Gpr.RAX, 0x12345));
        add("mov r14d,7", x -> x.mov32(Gpr.R14, 7));
        add("cpuid", Assembler::cpuid);
        add("xgetbv", Assembler::xgetbv);
        add("vzeroupper", Assembler::vzeroupper);
        add("ret", Assembler::ret);
    }
}
