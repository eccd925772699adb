package tokamak;

import tokamak.api.InvalidRequestException;
import tokamak.backend.cpu.CpuArithmetic;

/** The processor's arithmetic by the name a user gave. */
final class Arithmetic {
    private Arithmetic() {}

    /** @throws InvalidRequestException if the name is unknown or the processor lacks the instruction set */
    static CpuArithmetic named(String cpuIsa) {
        try {
            return CpuArithmetic.named(cpuIsa);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("cpuIsa", String.valueOf(e.getMessage()));
        }
    }
}
