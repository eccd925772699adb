package tokamak.backend.cpu.x64;

/** An AVX-512 mask register; {@code k0} as a write mask means "all lanes". */
record Mask(int number) {
    static final Mask ALL = new Mask(0);

    Mask {
        if (number < 0 || number > 7) {
            throw new IllegalArgumentException("mask register " + number + " is not one of 0..7");
        }
    }

    @Override
    public String toString() {
        return "k" + number;
    }
}
