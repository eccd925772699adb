package tokamak.backend.cpu.x64;

import java.util.Optional;
import tokamak.tensor.DType;

/** Weight formats that are floats, some with a scale per block, and are multiplied in float32. */
enum FloatFormat {
    F32(DType.F32),
    F16(DType.F16),
    BF16(DType.BF16),
    F8_E4M3(DType.F8_E4M3),
    F8_G32(DType.F8_G32),
    F8_G64(DType.F8_G64),
    F8_G128(DType.F8_G128);

    final DType dtype;

    FloatFormat(DType dtype) {
        this.dtype = dtype;
    }

    static Optional<FloatFormat> of(DType dtype) {
        for (FloatFormat format : values()) {
            if (format.dtype == dtype) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** Bytes of a number. */
    int bytes() {
        return hasScales() ? 1 : dtype.blockBytes();
    }

    /** Whether a block of numbers has a scale. */
    boolean hasScales() {
        return dtype.isBlocked();
    }

    /** Numbers that the innermost loop is a whole number of turns for: those that share a scale. */
    int unit() {
        return hasScales() ? dtype.blockSize() : FloatLinearKernel.UNROLL;
    }
}
