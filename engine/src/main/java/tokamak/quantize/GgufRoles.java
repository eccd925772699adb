package tokamak.quantize;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tokamak.model.LinearInput;

/** What the matrices of a GGUF file read, by their names. */
final class GgufRoles {
    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.weight");

    record Place(int layer, LinearInput input) {}

    private GgufRoles() {}

    /** Empty for what is no linear layer, and for the down matrices of experts. */
    static Optional<Place> of(String tensor) {
        if (tensor.equals("output.weight") || tensor.equals("token_embd.weight")) {
            return Optional.of(new Place(0, LinearInput.OUTPUT));
        }
        Matcher layer = LAYER.matcher(tensor);
        if (!layer.matches()) {
            return Optional.empty();
        }
        LinearInput input = input(layer.group(2));
        return input == null ? Optional.empty() : Optional.of(new Place(Integer.parseInt(layer.group(1)), input));
    }

    private static @Nullable LinearInput input(String role) {
        return switch (role) {
            case "attn_q", "attn_k", "attn_v", "attn_qkv" -> LinearInput.MIXER;
            case "attn_output" -> LinearInput.MIXER_OUTPUT;
            case "ffn_gate", "ffn_up", "ffn_gate_exps", "ffn_up_exps", "ffn_gate_up_exps" -> LinearInput.FEED;
            case "ffn_gate_shexp", "ffn_up_shexp" -> LinearInput.FEED;
            case "ffn_down" -> LinearInput.FEED_DOWN;
            case "ffn_down_shexp" -> LinearInput.SHARED_DOWN;
            default -> null;
        };
    }
}
