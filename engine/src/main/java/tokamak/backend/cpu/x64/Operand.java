package tokamak.backend.cpu.x64;

/** What the last source of a vector instruction may be. */
sealed interface Operand permits Vec, Mem {}
