package tokamak.quant;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tokamak.file.HfCheckpoint;
import tokamak.file.ModelFormatException;
import tokamak.tensor.DType;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

/** The tensors of one module, checked one by one, and those of them that were asked for. */
final class Parts {
    private final HfCheckpoint checkpoint;
    private final String module;
    private final Map<String, Tensor> used = new LinkedHashMap<>();

    Parts(HfCheckpoint checkpoint, String module) {
        this.checkpoint = checkpoint;
        this.module = module;
    }

    String module() {
        return module;
    }

    /** Whether GPTQ's and AWQ's words are there. */
    static boolean hasWords(HfCheckpoint checkpoint, String module) {
        return checkpoint.find(module + ".qweight").isPresent();
    }

    /** Names of all tensors that were asked for and found. */
    Set<String> used() {
        return used.keySet();
    }

    /** Those tensors: a matrix made of them gives back their pages. */
    List<Tensor> tensors() {
        return List.copyOf(used.values());
    }

    Optional<Tensor> find(String part) {
        Optional<Tensor> found = checkpoint.find(module + part);
        found.ifPresent(tensor -> used.put(tensor.name(), tensor));
        return found;
    }

    Tensor require(String part) throws ModelFormatException {
        return find(part)
                .orElseThrow(() -> new ModelFormatException(checkpoint.path() + ": '" + module
                        + "' is quantised, but its tensor '" + module + part
                        + "' is missing; the checkpoint may be incomplete"));
    }

    /** A tensor of this type and shape. */
    Tensor require(String part, DType dtype, long... shape) throws ModelFormatException {
        Tensor tensor = require(part);
        if (tensor.dtype() != dtype || !Arrays.equals(tensor.shape(), shape)) {
            throw error(tensor + ": expected " + dtype + Arrays.toString(shape));
        }
        return tensor;
    }

    /** A matrix of 32-bit words. */
    Tensor words(String part) throws ModelFormatException {
        Tensor tensor = require(part);
        if (tensor.dtype() != DType.I32 || tensor.rank() != 2 || tensor.count() == 0) {
            throw error(tensor + ": expected a matrix of I32");
        }
        return tensor;
    }

    /** Scales as floats, all of which are numbers. */
    float[] scales(Tensor tensor) throws ModelFormatException {
        boolean isFloat = switch (tensor.dtype()) {
            case F32, F16, BF16, F8_E8M0 -> true;
            default -> false;
        };
        if (!isFloat || tensor.count() > Integer.MAX_VALUE / 4) {
            throw error(tensor + ": expected scales of F32, F16 or BF16");
        }
        float[] scales = floats(tensor);
        for (int i = 0; i < scales.length; i++) {
            if (!Float.isFinite(scales[i])) {
                throw error(
                        tensor + ": number " + i + " is " + scales[i] + ", which is no scale; the file may be damaged");
            }
        }
        return scales;
    }

    int[] integers(Tensor tensor) throws ModelFormatException {
        if (tensor.dtype() != DType.I32 || tensor.count() > Integer.MAX_VALUE / 4) {
            throw error(tensor + ": expected I32");
        }
        return tensor.data().toArray(LittleEndian.INT);
    }

    static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.count())];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        return values;
    }

    ModelFormatException error(String message) {
        return new ModelFormatException(checkpoint.path() + ": " + message);
    }
}
