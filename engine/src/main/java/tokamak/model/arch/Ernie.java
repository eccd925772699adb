package tokamak.model.arch;

import java.util.Map;
import tokamak.model.Architecture;

/** Baidu Ernie 4.5; the larger ones choose experts by softmax scores plus a bias. */
final class Ernie {
    private static final Map<String, Integer> DEFAULTS = Map.of("rope_theta", 500_000);

    static final Architecture ERNIE_4_5 = Architecture.of("ernie4_5", "Ernie4_5ForCausalLM")
            .withHfDefaults(DEFAULTS)
            .with(Pairings.ADJACENT);

    static final Architecture ERNIE_4_5_MOE = Architecture.of("ernie4_5-moe", "Ernie4_5_MoeForCausalLM")
            .withHfDefaults(DEFAULTS)
            .with(Pairings.ADJACENT);

    private Ernie() {}
}
