package tokamak.model.arch;

import tokamak.backend.Routing;
import tokamak.model.Architecture;

/** Zhipu GLM 4.5 and 4.6: experts by sigmoid scores plus a bias, part of a head rotated. */
final class Glm {
    static final Architecture GLM4_MOE = Architecture.of("glm4moe", "Glm4MoeForCausalLM")
            .with(draft -> {
                draft.gating = Routing.Gating.SIGMOID;
                draft.rotateShareUnlessSaid(0.5);
            });

    private Glm() {}
}
