package tokamak.model.arch;

import tokamak.model.Architecture;

/** Baidu Ernie 4.5; the larger ones choose experts by softmax scores plus a bias. */
final class Ernie {
    static final Architecture ERNIE_4_5 =
            Architecture.of("ernie4_5", "Ernie4_5ForCausalLM").with(Pairings.ADJACENT);

    static final Architecture ERNIE_4_5_MOE =
            Architecture.of("ernie4_5-moe", "Ernie4_5_MoeForCausalLM").with(Pairings.ADJACENT);

    private Ernie() {}
}
