package tokamak.model.arch;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tokamak.file.Checkpoint;
import tokamak.file.GgufCheckpoint;
import tokamak.file.HfCheckpoint;
import tokamak.file.Metadata;
import tokamak.file.ModelFormatException;
import tokamak.model.Architecture;

/** All families, and which of them a checkpoint belongs to. */
public final class Families {
    private static final List<Architecture> ALL = List.of(
            Llama.LLAMA,
            Llama.MISTRAL,
            Llama.MIXTRAL,
            Llama.SMOLLM3,
            Llama.SEED_OSS,
            Qwen.QWEN2,
            Qwen.QWEN2_MOE,
            Qwen.QWEN3,
            Qwen.QWEN3_MOE,
            Gemma.GEMMA,
            Gemma.GEMMA2,
            Gemma.GEMMA3,
            Phi.PHI2,
            Phi.PHI3,
            Granite.GRANITE,
            Granite.GRANITE_MOE,
            Granite.MINICPM,
            Cohere.COMMAND_R,
            Ernie.ERNIE_4_5,
            Ernie.ERNIE_4_5_MOE,
            Glm.GLM4_MOE,
            GptOss.GPT_OSS,
            Gpt2.GPT2,
            GptNeox.GPT_NEOX,
            Hunyuan.HUNYUAN_DENSE,
            Nemotron.NEMOTRON,
            Olmo.OLMOE,
            Olmo.OLMO2,
            StableLm.STABLELM,
            StarCoder.STARCODER2);

    private Families() {}

    /** The family of a checkpoint, or an error that lists the families there are. */
    public static Architecture of(Checkpoint checkpoint) throws ModelFormatException {
        return switch (checkpoint) {
            case GgufCheckpoint gguf -> {
                String name = gguf.metadata().string("general.architecture");
                for (Architecture family : ALL) {
                    if (family.ggufNames().contains(name)) {
                        yield family;
                    }
                }
                throw unknown(checkpoint, name);
            }
            case HfCheckpoint hf -> ofConfig(hf);
        };
    }

    private static Architecture ofConfig(HfCheckpoint checkpoint) throws ModelFormatException {
        Metadata config = checkpoint.metadata();
        List<String> names = config.strings("architectures");
        for (Architecture family : ALL) {
            if (names.stream().anyMatch(family.hfNames()::contains)) {
                return family;
            }
        }
        throw unknown(checkpoint, String.join(", ", names));
    }

    private static ModelFormatException unknown(Checkpoint checkpoint, String name) {
        Set<String> known = new TreeSet<>();
        ALL.forEach(family -> known.add(family.name()));
        return new ModelFormatException(checkpoint.path() + ": architecture '" + name
                + "' is not supported; Tokamak runs " + String.join(", ", known));
    }
}
