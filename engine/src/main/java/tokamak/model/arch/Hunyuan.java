package tokamak.model.arch;

import java.util.Optional;
import tokamak.file.Metadata;
import tokamak.model.Architecture;
import tokamak.model.ModelConfig;

/** Tencent Hunyuan dense: head norms after the rotation, whose base may be stretched by a factor alpha. */
final class Hunyuan {
    static final Architecture HUNYUAN_DENSE = Architecture.of("hunyuan-dense", "HunYuanDenseV1ForCausalLM")
            .with(draft -> {
                draft.headNormOrder = ModelConfig.HeadNormOrder.AFTER_ROPE;
                Optional<Metadata> scaling = draft.ropeParameters();
                if (scaling.isPresent()) {
                    double alpha = scaling.get().number("alpha", 1);
                    draft.ropeTheta *= Math.pow(alpha, draft.rotated / (draft.rotated - 2.0));
                }
            });

    private Hunyuan() {}
}
