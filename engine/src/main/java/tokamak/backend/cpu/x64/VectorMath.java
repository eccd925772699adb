package tokamak.backend.cpu.x64;

/** Pieces of vector arithmetic that several kernels share, at the width of the instruction set. */
final class VectorMath {
    /** Below this, exp is smaller than the smallest normal float and is taken as zero. */
    private static final float SMALLEST_EXPONENT = -87.33f;

    private static final float LARGEST_EXPONENT = 88.37f;
    /** Predicate "not less than": true for what isn't a number, too. */
    private static final int NOT_LESS = 5;

    private static final int NOT_EQUAL = 4;

    private static final Mask KEPT = new Mask(2);

    /** ln 2 in two parts, the first with enough zero bits that its product with an exponent is exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;

    /** Highest power first; Cephes' expf: relative error below 2e-7 for |x| up to ln 2 / 2. */
    private static final float[] EXP = {
        1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f
    };

    private final Assembler a;
    private final Width width;

    VectorMath(Assembler a, Width width) {
        this.a = a;
        this.width = width;
    }

    /** {@code result = exp(x)}, zero where it underflows, NaN where x is. Spoils x, n and y. */
    void exp(Vec x, Vec result, Vec n, Vec y, Vec kept) {
        rememberKept(x, SMALLEST_EXPONENT, NOT_LESS, kept);
        // the operand that is not a number wins if it comes second
        a.emit(Op.VMOVUPS, y, a.constantFloat(LARGEST_EXPONENT));
        a.emit(Op.VMINPS, x, y, x);
        a.emit(Op.VMOVUPS, y, a.constantFloat(SMALLEST_EXPONENT));
        a.emit(Op.VMAXPS, x, y, x);
        a.emit(Op.VMULPS, n, x, a.constantFloat((float) (1 / Math.log(2))));
        a.emit(Op.VCVTPS2DQ, n, n);
        a.emit(Op.VCVTDQ2PS, y, n);
        a.emit(Op.VFNMADD231PS, x, y, a.constantFloat(LN2_HIGH));
        a.emit(Op.VFNMADD231PS, x, y, a.constantFloat(LN2_LOW));
        a.emit(Op.VMOVUPS, result, a.constantFloat(EXP[0]));
        for (int i = 1; i < EXP.length; i++) {
            a.emit(Op.VFMADD213PS, result, x, a.constantFloat(EXP[i]));
        }
        a.emit(Op.VFMADD213PS, result, x, a.constantFloat(1));
        a.emit(Op.VFMADD213PS, result, x, a.constantFloat(1));
        a.emit(Op.VPSLLD, n, n, 23);
        a.emit(Op.VPADDD, result, result, n);
        dropOthers(result, kept);
    }

    /** Lanes of {@code x} become zero where {@code condition} is zero, whatever they hold. */
    void zeroWhereZero(Vec x, Vec condition, Vec kept) {
        rememberKept(condition, 0, NOT_EQUAL, kept);
        dropOthers(x, kept);
    }

    private void rememberKept(Vec x, float limit, int predicate, Vec kept) {
        if (width == Width.Z) {
            a.emitTest(Op.VCMPPS_MASK, KEPT, x, a.constantFloat(limit), predicate);
        } else {
            a.emit(Op.VCMPPS, kept, x, a.constantFloat(limit), predicate);
        }
    }

    private void dropOthers(Vec x, Vec kept) {
        if (width == Width.Z) {
            a.emitZeroing(Op.VMOVUPS, KEPT, x, x);
        } else {
            a.emit(Op.VPAND, x, x, kept);
        }
    }

    /** Lane 0 of {@code x} becomes {@code op} over all its lanes, halves folded onto halves. Spoils {@code other}. */
    void fold(Op op, Vec x, Vec other) {
        if (width == Width.Z) {
            a.emit(Op.VEXTRACTF64X4, x, other.as(Width.Y), 1);
            a.emit(op, x.as(Width.Y), x.as(Width.Y), other.as(Width.Y));
        }
        Vec lower = x.as(Width.X);
        Vec upper = other.as(Width.X);
        a.emit(Op.VEXTRACTF128, x.as(Width.Y), upper, 1);
        a.emit(op, lower, lower, upper);
        a.emit(Op.VPSHUFD, upper, lower, 0x4E);
        a.emit(op, lower, lower, upper);
        a.emit(Op.VPSHUFD, upper, lower, 0xB1);
        a.emit(op, lower, lower, upper);
    }
}
