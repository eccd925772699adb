package tokamak.backend.cpu.x64;

/** An AMX tile register. */
record Tile(int number) implements Operand {
    Tile {
        if (number < 0 || number > 7) {
            throw new IllegalArgumentException("tile register " + number + " is not one of 0..7");
        }
    }

    @Override
    public String toString() {
        return "tmm" + number;
    }
}
