package tokamak.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.Kernels;
import tokamak.backend.cpu.x64.PackedMatrix;
import tokamak.tensor.Tensor;

/** A linear layer repacked for machine code: its parts, stacked along the output. */
final class PackedWeight implements Weight {
    private final List<PackedMatrix> parts;
    private final int outFeatures;

    private PackedWeight(List<PackedMatrix> parts) {
        this.parts = List.copyOf(parts);
        this.outFeatures =
                Math.toIntExact(parts.stream().mapToLong(PackedMatrix::rows).sum());
    }

    /** Packs the tensors with the help of the team; empty if there is one that no kernel covers. */
    static Optional<PackedWeight> pack(Kernels kernels, WorkerTeam team, List<Tensor> tensors, Arena arena) {
        List<PackedMatrix> parts = new ArrayList<>();
        for (Tensor tensor : tensors) {
            if (tensor.columns() != tensors.getFirst().columns()) {
                throw new IllegalArgumentException("stacked matrices need the same number of columns: " + tensors);
            }
            if (!PackedMatrix.covers(kernels, tensor)) {
                return Optional.empty();
            }
        }
        for (Tensor tensor : tensors) {
            PackedMatrix part = PackedMatrix.allocate(kernels, tensor, arena);
            team.run((panel, worker) -> part.pack(tensor, panel, panel + 1), part.numPanels());
            parts.add(part);
        }
        return Optional.of(new PackedWeight(parts));
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
