package tokamak.backend.cpu.x64;

import java.util.Optional;
import tokamak.tensor.DType;

/** Weight formats that are numbers of their own and are multiplied in float32. */
enum FloatFormat {
    F32(DType.F32),
    F16(DType.F16),
    BF16(DType.BF16),
    F8_E4M3(DType.F8_E4M3);

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

    int bytes() {
        return dtype.blockBytes();
    }
}
