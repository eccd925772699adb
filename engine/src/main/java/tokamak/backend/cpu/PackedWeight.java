package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.Matrix;
import tokamak.tensor.Tensor;

/** A linear layer repacked for machine code: its parts, stacked along the output. */
final class PackedWeight implements Weight {
    private static final long BYTES_AT_ONCE = 16 << 20;
    private static final int ROWS_AT_ONCE = 64;

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
            List<? extends Matrix> matrices,
            Arena arena) {
        for (int i = 0; i < matrices.size(); i++) {
            Matrix tensor = matrices.get(i);
            if (tensor.columns() != matrices.getFirst().columns()) {
                throw new IllegalArgumentException("stacked matrices need the same number of columns: " + matrices);
            }
            boolean known = image != null && image.holds(tensor, i);
            if (!known && !PackedMatrix.covers(kernels, tensor) || !trust.trusts(tensor.dtype())) {
                return Optional.empty();
            }
        }
        List<PackedMatrix> parts = new ArrayList<>();
        for (Matrix tensor : matrices) {
            parts.add(load(kernels, image, team, tensor, arena));
        }
        return Optional.of(new PackedWeight(parts));
    }

    private static PackedMatrix load(
            Kernels kernels, @Nullable PackedImage image, WorkerTeam team, Matrix tensor, Arena arena) {
        if (image == null) {
            return pack(kernels, team, tensor, arena);
        }
        return image.load(kernels, tensor, team, () -> pack(kernels, team, tensor, arena));
    }

    private static PackedMatrix pack(Kernels kernels, WorkerTeam team, Matrix source, Arena arena) {
        PackedMatrix matrix = PackedMatrix.allocate(kernels, source, arena);
        switch (source) {
            case Tensor tensor -> packTensor(matrix, team, tensor);
            default -> packConverted(matrix, team, source);
        }
        return matrix;
    }

    /** Gives the file's pages back as it goes, so that a model is not in memory twice. */
    private static void packTensor(PackedMatrix matrix, WorkerTeam team, Tensor tensor) {
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
    }

    /** Several panels at once, as some layouts have the rows side by side: neighbours share the lines they are read from. */
    private static void packConverted(PackedMatrix matrix, WorkerTeam team, Matrix source) {
        int panels = Math.max(1, ROWS_AT_ONCE / matrix.panelRows());
        int numChunks = (matrix.numPanels() + panels - 1) / panels;
        team.run(
                (chunk, worker) ->
                        matrix.pack(source, chunk * panels, Math.min((chunk + 1) * panels, matrix.numPanels())),
                numChunks);
        source.unload();
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
