package tokamak.quant;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.tensor.Tensor;

/** The quantised linear layers of a Hugging Face checkpoint. Which modules are quantised is told by which tensors there are. */
public final class QuantizedLayers {
    /** Scales of activations and of the KV cache: activations are rounded by scales found as they come, finer than these. */
    private static final List<String> SIDE_TENSORS = List.of(
            ".input_scale",
            ".input_zero_point",
            ".act_scale",
            ".activation_scale",
            ".output_scale",
            ".k_scale",
            ".v_scale",
            ".q_scale",
            ".prob_scale",
            ".k_zero_point",
            ".v_zero_point",
            ".kv_scale",
            ".weight_format");

    /** Where older tools left their settings. */
    private static final List<String> OTHER_FILES =
            List.of("hf_quant_config.json", "quantize_config.json", "quant_config.json");

    /** ModelOpt's and TensorRT-LLM's names of what is known here; activations are rounded as numbers come. */
    private static final Set<String> MODELOPT = Set.of(
            "FP8",
            "FP8_PER_CHANNEL_PER_TOKEN",
            "FP8_PB_WO",
            "FP8_BLOCK_SCALES",
            "W8A16",
            "W4A16",
            "W4A16_AWQ",
            "INT4_AWQ",
            "NVFP4",
            "NVFP4_AWQ",
            "W4A16_NVFP4",
            "W8A8_SQ_PER_CHANNEL",
            "W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN",
            "W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN");

    private final String method;
    private final @Nullable Scheme scheme;

    private QuantizedLayers(String method, @Nullable Scheme scheme) {
        this.method = method;
        this.scheme = scheme;
    }

    /** A checkpoint without quantised layers. */
    public static QuantizedLayers none() {
        return new QuantizedLayers("none", null);
    }

    /**
     * What the checkpoint's configuration says.
     *
     * @throws ModelFormatException for methods and layouts that are not supported
     */
    public static QuantizedLayers of(HfCheckpoint checkpoint) throws IOException {
        Optional<Metadata> config = checkpoint.metadata().object("quantization_config");
        if (config.isEmpty()) {
            config = checkpoint.metadata().object("compression_config");
        }
        // Of models that see images, the language model alone may be quantised.
        Optional<Metadata> language = checkpoint.metadata().object("text_config");
        if (config.isEmpty() && language.isPresent()) {
            config = language.get().object("quantization_config");
        }
        for (String file : OTHER_FILES) {
            config = config.isPresent() ? config : checkpoint.json(file);
        }
        return config.isPresent() ? of(checkpoint, config.get()) : none();
    }

    private static QuantizedLayers of(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        String method = method(config);
        return switch (method) {
            case "awq" -> new QuantizedLayers(method, AwqScheme.of(checkpoint, config));
            case "gptq" -> new QuantizedLayers(method, GptqScheme.of(checkpoint, config));
            case "compressed-tensors" ->
                new QuantizedLayers(method, new ScaledScheme(checkpoint, CompressedTensorsConfig.of(config)));
            case "fp8", "fbgemm_fp8" -> new QuantizedLayers(method, fp8(checkpoint, config));
            case "modelopt" -> new QuantizedLayers(method, modelopt(checkpoint, config));
            case "auto-round" -> autoRound(checkpoint, config);
            case "bitsandbytes" -> new QuantizedLayers(method, new BitsAndBytesScheme(checkpoint));
            case "mxfp4" -> new QuantizedLayers(method, null);
            default ->
                throw new ModelFormatException(config.source() + ": the quantisation method '" + method
                        + "' is not supported; awq, gptq, auto-round, compressed-tensors, fp8, modelopt, bitsandbytes and mxfp4 are."
                        + " Take the unquantised checkpoint, or a GGUF file");
        };
    }

    /** The method's name, or what its keys look like where there is none. */
    private static String method(Metadata config) throws ModelFormatException {
        Metadata settings = config.object("quantization").orElse(config);
        if (settings.has("quant_algo")) {
            return modelopt(settings);
        }
        String named = config.string("quant_method", "").toLowerCase(Locale.ROOT);
        if (!named.isEmpty()) {
            return switch (named) {
                case "compressed_tensors" -> "compressed-tensors";
                case "intel/auto-round", "autoround" -> "auto-round";
                // what ModelOpt writes into config.json for some of its methods
                case "modelopt_fp4" -> "modelopt";
                default -> named;
            };
        }
        if (config.has("q_group_size") || config.has("w_bit") || config.has("version")) {
            return "awq";
        }
        return config.has("bits") ? "gptq" : config.has("config_groups") ? "compressed-tensors" : "unknown";
    }

    private static String modelopt(Metadata settings) throws ModelFormatException {
        String algorithm = settings.string("quant_algo");
        if (!MODELOPT.contains(algorithm)) {
            throw new ModelFormatException(
                    settings.source() + ": ModelOpt's quantisation '" + algorithm
                            + "' is not supported; FP8, NVFP4, W4A16_AWQ, INT8 weights and SmoothQuant are. Take the unquantised checkpoint, or a GGUF file");
        }
        return "modelopt";
    }

    /** AutoRound keeps its codes as GPTQ or as AWQ does. */
    private static QuantizedLayers autoRound(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        String packing = config.string("packing_format", "auto_round:auto_gptq").toLowerCase(Locale.ROOT);
        String layout = packing.substring(packing.indexOf(':') + 1);
        return switch (layout) {
            case "auto_gptq", "gptq", "auto_round", "gptqmodel" ->
                new QuantizedLayers("auto-round", GptqScheme.of(checkpoint, config));
            case "auto_awq", "awq" -> new QuantizedLayers("auto-round", AwqScheme.of(checkpoint, config));
            default ->
                throw new ModelFormatException(
                        config.source() + ": AutoRound's packing_format '" + packing
                                + "' is not supported; auto_gptq and auto_awq are. Take the GPTQ or AWQ export of the same model");
        };
    }

    private static ScaledScheme modelopt(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        Metadata settings = config.object("quantization").orElse(config);
        String algorithm = settings.string("quant_algo");
        if (algorithm.startsWith("FP8")) {
            return fp8(checkpoint, config);
        }
        int bits = algorithm.contains("4") ? 4 : 8;
        int groupSize = Math.toIntExact(Math.clamp(settings.integer("group_size", 0), 0, Integer.MAX_VALUE));
        ScaledScheme.Weights weights = new ScaledScheme.Weights(bits, bits == 4 ? groupSize : 0, 0, 0, true);
        return new ScaledScheme(checkpoint, module -> weights);
    }

    private static ScaledScheme fp8(HfCheckpoint checkpoint, Metadata config) throws ModelFormatException {
        String numbers = config.string("fmt", "e4m3");
        if (!numbers.equals("e4m3") && !numbers.equals("float8_e4m3fn")) {
            throw new ModelFormatException(
                    config.source() + ": FP8 numbers of the kind '" + numbers + "' are not supported; e4m3 are");
        }
        long[] block = config.integers("weight_block_size", 0, 0);
        if (block.length != 2 || Math.min(block[0], block[1]) < 0 || Math.max(block[0], block[1]) > 1 << 20) {
            throw new ModelFormatException(
                    config.source() + ": expected a weight_block_size of rows and columns, found "
                            + config.describe("weight_block_size"));
        }
        ScaledScheme.Weights weights = new ScaledScheme.Weights(8, 0, (int) block[0], (int) block[1], true);
        return new ScaledScheme(checkpoint, module -> weights);
    }

    /** The method as the configuration calls it; {@code none} where nothing is quantised. */
    public String method() {
        return method;
    }

    /** The weights of a module, if they are quantised. */
    public Optional<QuantizedLinear> find(String module) throws ModelFormatException {
        return scheme == null ? Optional.empty() : scheme.find(module);
    }

    /** One matrix for each {@code [out, in]} of a stack whose numbers have scales beside them; none if they don't. */
    public List<QuantizedLinear> split(Tensor stack) throws ModelFormatException {
        return scheme instanceof ScaledScheme scaled ? scaled.split(stack) : List.of();
    }

    /** Whether a module has weights of the method's own, under other names than {@code weight}. */
    public boolean has(String module) {
        return scheme != null && scheme.has(module);
    }

    /** Whether a tensor is one that nothing here needs: scales of activations and of the KV cache. */
    public boolean isSideTensor(String name) {
        return scheme != null && SIDE_TENSORS.stream().anyMatch(name::endsWith);
    }
}
