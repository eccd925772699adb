package tokamak.backend.cpu.x64;

/** What the last source of an instruction may be. */
sealed interface Operand permits Vec, Tile, Mem {}
