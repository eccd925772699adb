package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.Tensor;

/** A linear layer repacked for machine code: its parts, stacked along the output. */
final class PackedWeight implements Weight {
    private static final long BYTES_AT_ONCE = 16 << 20;

    private final List<PackedMatrix> parts;
    private final int outFeatures;

    private PackedWeight(List<PackedMatrix> parts) {
        this.parts = List.copyOf(parts);
        this.outFeatures =
                Math.toIntExact(parts.stream().mapToLong(PackedMatrix::rows).sum());
    }

    /**
     * Packs the tensors with the help of the team, or takes them from the image; empty if there is one that no kernel covers.
     */
    static Optional<PackedWeight> load(
            Kernels kernels,
            KernelTrust trust,
            @Nullable PackedImage image,
            WorkerTeam team,
            List<Tensor> tensors,
            Arena arena) {
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            if (tensor.columns() != tensors.getFirst().columns()) {
                throw new IllegalArgumentException("stacked matrices need the same number of columns: " + tensors);
            }
            boolean known = image != null && image.holds(tensor, i);
            if (!known && !PackedMatrix.covers(kernels, tensor) || !trust.trusts(tensor.dtype())) {
                return Optional.empty();
            }
        }
        List<PackedMatrix> parts = new ArrayList<>();
        for (Tensor tensor : tensors) {
            parts.add(load(kernels, image, team, tensor, arena));
        }
        return Optional.of(new PackedWeight(parts));
    }

    private static PackedMatrix load(
            Kernels kernels, @Nullable PackedImage image, WorkerTeam team, Tensor tensor, Arena arena) {
        if (image == null) {
            return pack(kernels, team, tensor, arena);
        }
        return image.load(kernels, tensor, team, () -> pack(kernels, team, tensor, arena));
    }

    /** Gives the file's pages back as it goes, so that a model is not in memory twice. */
    private static PackedMatrix pack(Kernels kernels, WorkerTeam team, Tensor tensor, Arena arena) {
        PackedMatrix matrix = PackedMatrix.allocate(kernels, tensor, arena);
        long rowBytes = tensor.dtype().bytes(tensor.columns());
        int panelsAtOnce = (int) Math.max(team.size(), BYTES_AT_ONCE / (rowBytes * matrix.panelRows()));
        for (int from = 0; from < matrix.numPanels(); from += panelsAtOnce) {
            int first = from;
            int count = Math.min(panelsAtOnce, matrix.numPanels() - from);
            team.run((panel, worker) -> matrix.pack(tensor, first + panel, first + panel + 1), count);
            if (tensor.data().isMapped()) {
                long start = rowBytes * first * matrix.panelRows();
                long end = Math.min(tensor.data().byteSize(), start + rowBytes * count * matrix.panelRows());
                tensor.data().asSlice(start, end - start).unload();
            }
        }
        return matrix;
    }

    List<PackedMatrix> parts() {
        return parts;
    }

    @Override
    public int outFeatures() {
        return outFeatures;
    }

    @Override
    public int inFeatures() {
        return Math.toIntExact(parts.getFirst().columns());
    }

    @Override
    public long bytes() {
        return parts.stream().mapToLong(PackedMatrix::bytes).sum();
    }
}
