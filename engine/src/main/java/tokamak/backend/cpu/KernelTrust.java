package tokamak.backend.cpu;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.tensor.DType;

/** Tries a format's kernel before its first weight is packed. One that computes wrongly on this processor is not used. */
final class KernelTrust {
    private static final System.Logger LOG = System.getLogger(KernelTrust.class.getName());

    private final String arithmetic;
    private final ToDoubleFunction<DType> trial;
    private final Map<DType, Boolean> verdicts = new EnumMap<>(DType.class);

    static KernelTrust of(Kernels kernels) {
        return new KernelTrust(
                kernels.describe(),
                dtype -> new LinearCheck(kernels).quick(dtype).worst());
    }

    /** @param trial the worst error of a format's kernel */
    KernelTrust(String arithmetic, ToDoubleFunction<DType> trial) {
        this.arithmetic = arithmetic;
        this.trial = trial;
    }

    boolean trusts(DType dtype) {
        return verdicts.computeIfAbsent(dtype, this::passes);
    }

    private boolean passes(DType dtype) {
        double error = trial.applyAsDouble(dtype);
        if (error <= LinearCheck.ALLOWED) {
            return true;
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "the kernel for {0} computes wrongly here ({1}): relative error {2}, at most {3} expected; plain Java, much"
                        + " slower, stands in. ''tokamak selftest'' shows all kernels, ''--cpu-isa avx2'' may help",
                dtype,
                arithmetic,
                Double.toString(error),
                Double.toString(LinearCheck.ALLOWED));
        return false;
    }
}
