package tokamak.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tokamak.backend.Activation;
import tokamak.file.Checkpoint;
import tokamak.file.ModelFormatException;
import tokamak.file.SafetensorsWriter;
import tokamak.model.Hyperparameters;
import tokamak.model.ModelConfig;
import tokamak.model.RopeScaling;

/** Configurations as older and newer tools write them, and as people abridge them, mean what their families' reference means. */
class ConfigurationFormsTest {
    private static final String SIZES = "\"hidden_size\": 64, \"num_hidden_layers\": 6, \"vocab_size\": 32, ";
    private static final String HEADS = SIZES + "\"num_attention_heads\": 4, ";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "GPTNeoXForCausalLM, '\"rotary_pct\": 0.5, \"rotary_emb_base\": 5000'",
        "PhiForCausalLM, '\"partial_rotary_factor\": 0.25, \"rope_theta\": 5000.0'",
        "Phi3ForCausalLM, '\"partial_rotary_factor\": 0.25, \"rope_theta\": 5000.0'",
        "Glm4MoeForCausalLM, '\"partial_rotary_factor\": 0.25, \"rope_theta\": 5000.0'"
    })
    void ropeParametersInOneObjectAreThoseOfTheOldKeys(String family, String old) throws IOException {
        ModelConfig before = configure(family, HEADS + old);
        double share = before.rope().rotated() / 16.0;
        ModelConfig after = configure(
                family,
                HEADS + "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 5000.0,"
                        + " \"partial_rotary_factor\": " + share + "}");
        assertThat(before.rope().theta()).isEqualTo(5000);
        assertThat(share).isLessThan(1);
        assertThat(after).isEqualTo(before);
    }

    @Test
    void layersWithWindowsHaveRopeParametersOfTheirOwn() throws IOException {
        ModelConfig config = configure("Gemma3ForCausalLM", HEADS + """
                "rope_parameters": {
                  "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 2000000.0},
                  "sliding_attention": {"rope_type": "default", "rope_theta": 30000.0}}""");
        assertThat(config.rope().theta()).isEqualTo(2_000_000);
        assertThat(config.rope().scaling()).isEqualTo(new RopeScaling.Linear(8));
        assertThat(config.localRope().theta()).isEqualTo(30_000);
        assertThat(config.localRope().scaling()).isEqualTo(new RopeScaling.None());
    }

    /** The published configuration of a Gemma 3 that sees images has hardly more than this. */
    @Test
    void keysThatAreLeftOutMeanWhatTheFamilyMeans() throws IOException {
        ModelConfig config = configure(
                "Gemma3ForConditionalGeneration",
                "\"text_config\": {\"hidden_size\": 64, \"intermediate_size\": 96, \"num_hidden_layers\": 6,"
                        + " \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0}, \"sliding_window\": 1024}");
        assertThat(config.numHeads()).isEqualTo(8);
        assertThat(config.headDim()).isEqualTo(256);
        assertThat(config.layers())
                .extracting(ModelConfig.Layer::numKvHeads)
                .containsOnly(4)
                .hasSize(6);
        assertThat(config.layers())
                .extracting(ModelConfig.Layer::window)
                .containsExactly(1024, 1024, 1024, 1024, 1024, 0);
        assertThat(config.normEpsilon()).isEqualTo(1e-6f);
        assertThat(config.scales().attention()).isEqualTo(1 / 16f);
        assertThat(config.rope().theta()).isEqualTo(1_000_000);
        assertThat(config.localRope().theta()).isEqualTo(10_000);
    }

    @Test
    void anAliasOfAKeyIsNotLeftOut() throws IOException {
        assertThat(configure("LlamaForCausalLM", HEADS + "\"norm_eps\": 0.5").normEpsilon())
                .isEqualTo(0.5f);
        assertThat(configure("LlamaForCausalLM", HEADS + "\"hidden_act\": \"silu\"")
                        .normEpsilon())
                .isEqualTo(1e-6f);
    }

    @ParameterizedTest
    @CsvSource({
        "GPT2LMHeadModel, activation_function, RELU",
        "NemotronForCausalLM, hidden_act, RELU",
        "Starcoder2ForCausalLM, hidden_act, RELU",
        "PhiForCausalLM, hidden_act, RELU",
    })
    void activationsThatAreSaidReplaceTheFamilys(String family, String key, Activation expected) throws IOException {
        assertThat(configure(family, HEADS + "\"" + key + "\": \"relu\"").activation())
                .isEqualTo(expected);
    }

    @Test
    void hunyuanStretchesTheBaseInEitherForm() throws IOException {
        String scaling = "{\"rope_type\": \"dynamic\", \"type\": \"dynamic\", \"alpha\": 1000.0, \"factor\": 1.0}";
        String family = "HunYuanDenseV1ForCausalLM";
        assertThat(configure(family, HEADS + "\"rope_parameters\": " + scaling))
                .isEqualTo(configure(family, HEADS + "\"rope_scaling\": " + scaling));
    }

    @ParameterizedTest
    @CsvSource({
        "OlmoeForCausalLM, clip_qkv, 8.0",
        "GPT2LMHeadModel, scale_attn_by_inverse_layer_idx, true",
        "Gemma3ForCausalLM, use_bidirectional_attention, true"
    })
    void settingsThatWouldChangeTheResultAreRefusedByName(String family, String key, String value) throws IOException {
        assertThatThrownBy(() -> configure(family, HEADS + "\"" + key + "\": " + value))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("'" + key + "'");
        configure(family, HEADS + "\"" + key + "\": " + (value.equals("true") ? "false" : "null"));
    }

    private ModelConfig configure(String family, String members) throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"architectures\": [\"" + family + "\"], " + members + "}");
        new SafetensorsWriter().tensor("unused", new float[1], 1).write(folder.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return Families.of(checkpoint).configure(Hyperparameters.of(checkpoint));
        }
    }
}
