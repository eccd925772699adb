package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Generates the quantiser of one token's activations: per group of 32, {@code scale = max|x| / 127} and
 * {@code q = round(x / scale)} to the nearest, ties to even. Numbers that aren't finite make the scale not finite, so that they reach the
 * result.
 *
 * <p>256-bit code for every instruction set: it costs about a thousandth of the product that follows.
 */
final class QuantizeKernel {
    private static final Vec[] X = {Vec.ymm(0), Vec.ymm(1), Vec.ymm(2), Vec.ymm(3)};
    private static final Vec SCALE = Vec.xmm(5);
    private static final Vec INVERSE = Vec.ymm(6);
    private static final Vec TEMPORARY = Vec.ymm(7);
    private static final Vec SUMS = Vec.ymm(8);
    private static final Vec LARGEST = Vec.ymm(4);
    private static final Vec ORDER = Vec.ymm(9);

    private final Assembler a = new Assembler();
    private final ActivationLayout layout;

    private QuantizeKernel(ActivationLayout layout) {
        this.layout = layout;
    }

    /** Arguments: rdi floats, rsi target, rdx groups, rcx bytes from one group to the next in the target. */
    static byte[] generate(OperatingSystem system, ActivationLayout layout) {
        QuantizeKernel kernel = new QuantizeKernel(layout);
        Assembler a = kernel.a;
        Frame frame = new Frame(a, system);
        frame.enter();
        a.emit(Op.VMOVDQU, ORDER, a.table(dwordsInOrder()));
        Label group = new Label();
        a.align(32);
        a.bind(group);
        kernel.findScale();
        kernel.roundToBytes();
        kernel.fillSlots();
        a.add(RDI, QuantFormat.GROUP * Float.BYTES);
        a.add(RSI, RCX);
        a.sub(RDX, 1);
        a.jump(Assembler.Condition.NOT_ZERO, group);
        frame.leave();
        return a.code();
    }

    /** The packing instructions work within halves of a register; this brings their dwords back in order. */
    private static byte[] dwordsInOrder() {
        ByteBuffer order = ByteBuffer.allocate(Width.Y.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int dword : new int[] {0, 4, 1, 5, 2, 6, 3, 7}) {
            order.putInt(dword);
        }
        return order.array();
    }

    /** Magnitudes are compared as integers: the order is the same, and NaN is the largest. */
    private void findScale() {
        for (int i = 0; i < X.length; i++) {
            a.emit(Op.VMOVUPS, X[i], Mem.at(RDI, 32 * i));
            Vec magnitude = i == 0 ? LARGEST : TEMPORARY;
            a.emit(Op.VPAND, magnitude, X[i], a.constant32(0x7FFF_FFFF));
            if (i > 0) {
                a.emit(Op.VPMAXSD, LARGEST, LARGEST, magnitude);
            }
        }
        Vec half = TEMPORARY.as(Width.X);
        Vec largest = LARGEST.as(Width.X);
        a.emit(Op.VEXTRACTF128, LARGEST, half, 1);
        a.emit(Op.VPMAXSD, largest, largest, half);
        a.emit(Op.VPSHUFD, half, largest, 0x4E);
        a.emit(Op.VPMAXSD, largest, largest, half);
        a.emit(Op.VPSHUFD, half, largest, 0xB1);
        a.emit(Op.VPMAXSD, largest, largest, half);
        Vec inverse = INVERSE.as(Width.X);
        a.emit(Op.VMOVUPS, inverse, a.constantFloat(127));
        a.emit(Op.VDIVPS, SCALE, largest, inverse);
        a.emit(Op.VDIVPS, inverse, inverse, largest);
        // 127 / 0 is infinite, and infinity times 0 would not be 0
        a.emit(Op.VMINPS, inverse, inverse, a.constantFloat(Float.MAX_VALUE));
        a.emit(Op.VBROADCASTSS, INVERSE, inverse);
        a.emit(Op.VMOVSS_STORE, SCALE, Mem.at(RSI, 0));
    }

    private void roundToBytes() {
        for (Vec x : X) {
            a.emit(Op.VMULPS, x, x, INVERSE);
            a.emit(Op.VCVTPS2DQ, x, x);
        }
        a.emit(Op.VPACKSSDW, X[0], X[0], X[1]);
        a.emit(Op.VPACKSSDW, X[2], X[2], X[3]);
        a.emit(Op.VPACKSSWB, X[0], X[0], X[2]);
        a.emit(Op.VPERMD, X[0], ORDER, X[0]);
        a.emit(Op.VMOVDQU_STORE, X[0], Mem.at(RSI, layout.stepOffset(0)));
    }

    private void fillSlots() {
        a.emit(Op.VMOVDQU, SUMS, a.constantBytes(1));
        a.emit(Op.VPMADDUBSW, SUMS, SUMS, X[0]);
        a.emit(Op.VPMADDWD, SUMS, SUMS, a.constant32(0x0001_0001));
        Vec upper = TEMPORARY.as(Width.X);
        Vec lower = SUMS.as(Width.X);
        a.emit(Op.VEXTRACTF128, SUMS, upper, 1);
        if (layout.slots() == 1) {
            a.emit(Op.VPADDD, lower, lower, upper);
            fillSlot(0, lower);
        } else {
            fillSlot(0, lower);
            fillSlot(1, upper);
        }
    }

    /** @param sums four sums of a sub-block's bytes, to be added */
    private void fillSlot(int slot, Vec sums) {
        Vec other = X[1].as(Width.X);
        a.emit(Op.VPSHUFD, other, sums, 0x4E);
        a.emit(Op.VPADDD, sums, sums, other);
        a.emit(Op.VPSHUFD, other, sums, 0xB1);
        a.emit(Op.VPADDD, sums, sums, other);
        switch (layout.slot()) {
            case START -> a.emit(Op.VPMULLD, sums, sums, a.constant32(-layout.offset()));
            case START_WORD -> {
                a.emit(Op.VPMULLD, sums, sums, a.constant32(-layout.offset()));
                a.emit(Op.VPAND, sums, sums, a.constant32(0xFFFF));
            }
            case SCALED_SUM -> {
                a.emit(Op.VCVTDQ2PS, sums, sums);
                a.emit(Op.VMULPS, sums, sums, SCALE);
            }
        }
        a.emit(Op.VMOVD_STORE, sums, Mem.at(RSI, layout.slotOffset(slot)));
    }
}
