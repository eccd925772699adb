package tokamak.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tokamak.TestData;
import tokamak.tensor.Dequantizers;
import tokamak.tensor.Tensor;

class PublicModelsTest {
    @ParameterizedTest
    @ValueSource(strings = {"models", "arch", "gguf-vocab"})
    void everyOneOpensAndHoldsNumbers(String folder) throws IOException {
        List<Path> models;
        try (Stream<Path> paths = Files.list(TestData.folder(folder))) {
            models = paths.filter(
                            path -> path.toString().endsWith(".gguf") || Files.exists(path.resolve("config.json")))
                    .toList();
        }
        assertThat(models).isNotEmpty();
        for (Path model : models) {
            try (Checkpoint checkpoint = Checkpoint.open(model)) {
                assertThat(checkpoint.metadata().keys()).as(model.toString()).isNotEmpty();
                for (String name : checkpoint.tensorNames()) {
                    assertThat(finite(checkpoint.tensor(name)))
                            .as(model + " " + name)
                            .isTrue();
                }
                assertThat(checkpoint.tensorNames().isEmpty()).isEqualTo(folder.equals("gguf-vocab"));
            }
        }
    }

    private static boolean finite(Tensor tensor) {
        float[] values = new float[(int) tensor.count()];
        Dequantizers.of(tensor.dtype()).dequantize(tensor.data(), 0, values, 0, values.length);
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
