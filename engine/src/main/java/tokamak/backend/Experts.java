package tokamak.backend;

import java.util.List;

/**
 * The expert networks of one layer: {@code down(activation(gate, up))} each.
 *
 * @param gateUp [numExperts] each {@code [2 * intermediateSize, hiddenSize]}: gate rows, then up rows
 * @param gateUpBias [numExperts] each {@code [1, 2 * intermediateSize]}; empty for none
 * @param down [numExperts] each {@code [hiddenSize, intermediateSize]}
 * @param downBias [numExperts] each {@code [1, hiddenSize]}; empty for none
 */
public record Experts(
        List<Weight> gateUp, List<Buffer> gateUpBias, List<Weight> down, List<Buffer> downBias, Activation activation) {
    public Experts {
        gateUp = List.copyOf(gateUp);
        gateUpBias = List.copyOf(gateUpBias);
        down = List.copyOf(down);
        downBias = List.copyOf(downBias);
    }
}
