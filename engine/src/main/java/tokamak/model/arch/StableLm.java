package tokamak.model.arch;

import tokamak.backend.Norm;
import tokamak.model.Architecture;

/** Stability AI StableLM: layer norms, a part of each head rotated. */
final class StableLm {
    static final Architecture STABLELM = Architecture.of("stablelm", "StableLmForCausalLM")
            .with(draft -> {
                draft.normKind = Norm.Kind.LAYER;
                draft.rotateShareUnlessSaid(0.25);
                draft.wiring = draft.parallelIfFlagged(false);
            });

    private StableLm() {}
}
