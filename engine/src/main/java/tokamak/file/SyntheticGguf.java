package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import tokamak.tensor.DType;
import tokamak.tensor.GroupFormat;
import tokamak.tensor.LittleEndian;
import tokamak.tensor.Tensor;

/**
 * A GGUF model that is on no disk: the metadata and shapes of a real one, with random weights in memory. It computes
 * nonsense at the speed of the real one, which is what benchmarks and tests want.
 */
public final class SyntheticGguf {
    /** Typical size of a weight, so that activations neither vanish nor overflow. */
    private static final float SCALE = 0.02f;

    private SyntheticGguf() {}

    /** @param shape outermost first */
    public record Spec(String name, DType dtype, long... shape) {
        public Spec {
            shape = shape.clone();
        }

        @Override
        public long[] shape() {
            return shape.clone();
        }

        long bytes() {
            return TensorEntry.bytes(dtype, shape)
                    .orElseThrow(
                            () -> new IllegalArgumentException("tensor '" + name + "' cannot be stored as " + dtype));
        }
    }

    /** A model with these tensors, the same for the same seed. Closing it frees them. */
    public static GgufCheckpoint create(String name, Map<String, ?> metadata, List<Spec> specs, long seed)
            throws ModelFormatException {
        Path path = Path.of(name);
        TensorTable tensors = new TensorTable(path);
        try {
            SplittableRandom random = new SplittableRandom(seed);
            for (Spec spec : specs) {
                MemorySegment data = tensors.allocate(spec.bytes());
                fill(spec, data, random);
                tensors.add(path, List.of(new Tensor(spec.name(), spec.dtype(), spec.shape(), data)));
            }
            return new GgufCheckpoint(path, new Metadata(name, metadata), Map.of(), tensors);
        } catch (Throwable failure) {
            tensors.close();
            throw failure;
        }
    }

    private static void fill(Spec spec, MemorySegment data, SplittableRandom random) {
        if (spec.name().endsWith("norm.weight")) {
            for (long i = 0; i < data.byteSize() / Float.BYTES; i++) {
                data.setAtIndex(LittleEndian.FLOAT, i, 0.75f + 0.5f * random.nextFloat());
            }
            return;
        }
        switch (spec.dtype()) {
            case F32 -> {
                for (long at = 0; at < data.byteSize(); at += Float.BYTES) {
                    data.set(LittleEndian.FLOAT, at, weight(random));
                }
            }
            case F16 -> {
                for (long at = 0; at < data.byteSize(); at += Short.BYTES) {
                    data.set(LittleEndian.SHORT, at, Float.floatToFloat16(weight(random)));
                }
            }
            case BF16 -> {
                for (long at = 0; at < data.byteSize(); at += Short.BYTES) {
                    data.set(LittleEndian.SHORT, at, (short) (Float.floatToRawIntBits(weight(random)) >>> 16));
                }
            }
            default -> {
                Optional<GroupFormat> groups = GroupFormat.of(spec.dtype());
                if (groups.isPresent()) {
                    fillGroups(groups.get(), data, random);
                } else {
                    fillBlocks(spec.dtype(), data, random);
                }
            }
        }
    }

    private static float weight(SplittableRandom random) {
        return (random.nextFloat() - 0.5f) * 2 * SCALE;
    }

    private static void fillGroups(GroupFormat format, MemorySegment data, SplittableRandom random) {
        byte[] codes = new byte[format.blockSize()];
        boolean floats = format.kind() == GroupFormat.Kind.F8;
        int half = 1 << format.kind().bits() - 1;
        for (long block = 0; block < data.byteSize(); block += format.dtype().blockBytes()) {
            random.nextBytes(codes);
            for (int i = 0; floats && i < codes.length; i++) {
                codes[i] &= (byte) 0xBF; // numbers below 2, none of which is "not a number"
            }
            float scale = SCALE / (floats ? 2 : half) * (0.5f + random.nextFloat());
            format.encode(codes, 0, scale, half, data, block);
        }
    }

    /** Random codes under scales that make sense. */
    private static void fillBlocks(DType dtype, MemorySegment data, SplittableRandom random) {
        Scales scales = Scales.of(dtype);
        long at = 0;
        for (; at + Long.BYTES <= data.byteSize(); at += Long.BYTES) {
            data.set(LittleEndian.LONG, at, random.nextLong());
        }
        for (; at < data.byteSize(); at++) {
            data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        for (long block = 0; block < data.byteSize(); block += dtype.blockBytes()) {
            for (int offset : scales.offsets()) {
                float scale = scales.size() * (0.5f + random.nextFloat());
                data.set(LittleEndian.SHORT, block + offset, Float.floatToFloat16(scale));
            }
            if (dtype == DType.MXFP4) {
                data.set(ValueLayout.JAVA_BYTE, block, (byte) (119 + random.nextInt(3)));
            }
            if (dtype == DType.NVFP4) {
                for (int i = 0; i < 4; i++) {
                    data.set(ValueLayout.JAVA_BYTE, block + i, (byte) (1 + random.nextInt(3)));
                }
            }
        }
    }

    /**
     * Where a block has its half-precision scales and how large they are for weights of about {@link #SCALE}.
     *
     * @param offsets in bytes from the start of the block
     */
    private record Scales(float size, int... offsets) {
        static Scales of(DType dtype) {
            return switch (dtype) {
                case Q4_0, IQ4_NL -> new Scales(SCALE / 8, 0);
                case Q4_1 -> new Scales(SCALE / 8, 0, 2);
                case Q5_0 -> new Scales(SCALE / 16, 0);
                case Q5_1 -> new Scales(SCALE / 16, 0, 2);
                case Q8_0 -> new Scales(SCALE / 127, 0);
                case Q2_K -> new Scales(SCALE / 24, 80, 82);
                case Q3_K -> new Scales(SCALE / 100, 108);
                case Q4_K -> new Scales(SCALE / 400, 0, 2);
                case Q5_K -> new Scales(SCALE / 800, 0, 2);
                case Q6_K -> new Scales(SCALE / 3000, 208);
                case IQ4_XS -> new Scales(SCALE / 3000, 0);
                case MXFP4, NVFP4 -> new Scales(SCALE);
                default ->
                    throw new IllegalArgumentException(
                            "random weights of type " + dtype
                                    + " are not available; expected F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K,"
                                    + " Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4, NVFP4 or those of quantised checkpoints, such as U4_G128");
            };
        }
    }
}
