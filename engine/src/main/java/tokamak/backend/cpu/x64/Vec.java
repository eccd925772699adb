package tokamak.backend.cpu.x64;

/** A vector register seen at one width: xmm, ymm or zmm. */
record Vec(Width width, int number) implements Operand {
    Vec {
        if (number < 0 || number > 31) {
            throw new IllegalArgumentException("vector register " + number + " is not one of 0..31");
        }
    }

    static Vec xmm(int number) {
        return new Vec(Width.X, number);
    }

    static Vec ymm(int number) {
        return new Vec(Width.Y, number);
    }

    static Vec zmm(int number) {
        return new Vec(Width.Z, number);
    }

    /** The same register at another width. */
    Vec as(Width other) {
        return new Vec(other, number);
    }

    @Override
    public String toString() {
        return switch (width) {
                    case X -> "xmm";
                    case Y -> "ymm";
                    case Z -> "zmm";
                }
                + number;
    }
}
