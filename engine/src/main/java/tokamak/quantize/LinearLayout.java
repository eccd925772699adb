package tokamak.quantize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.file.SafetensorsOutput.TensorPlan;

/** How quantised linear layers lie in a Hugging Face folder. */
sealed interface LinearLayout permits AwqLayout, PackQuantizedLayout, ByteLayout, BlockFloatLayout {
    /** Whether a layer can be stored so. */
    boolean fits(long rows, long columns);

    /** Its tensors. */
    List<TensorPlan> plan(String module, long rows, long columns);

    /**
     * The bytes of its tensors by their names.
     *
     * @param importance of the columns; null: alike
     * @param arena for the bytes
     */
    Map<String, MemorySegment> encode(String module, LinearRows rows, float @Nullable [] importance, Arena arena);

    /** What {@code config.json} says under {@code quantization_config}. */
    Map<String, Object> config(Set<String> plainModules);

    /** How a row comes back, where so few bits are left that factors for the columns are worth a search; null: not so. */
    @Nullable
    Rounding rounding();

    /** Brings a row into the layout and back. */
    interface Rounding {
        void round(float[] row, float[] importance);
    }
}
