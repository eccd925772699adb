package tokamak.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tokamak.backend.Buffer;
import tokamak.backend.Weight;
import tokamak.backend.cpu.x64.RandomTensors;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

class PackedImageTest {
    private static final int COLUMNS = 512;

    @TempDir
    Path folder;

    private final Arena arena = Arena.ofShared();
    private final SplittableRandom random = new SplittableRandom(12);

    /** The first needs two checksums; the last two look alike by name and shape, as experts do. */
    private final List<Tensor> model = List.of(
            RandomTensors.create(DType.F32, 700, COLUMNS, random, arena),
            RandomTensors.create(DType.Q4_K, 33, COLUMNS, random, arena),
            RandomTensors.create(DType.Q8_0, 70, COLUMNS, random, arena),
            RandomTensors.create(DType.Q8_0, 70, COLUMNS, random, arena));

    @BeforeEach
    void needsMachineCode() {
        try (CpuArithmetic arithmetic = CpuArithmetic.best()) {
            Assumptions.assumeTrue(arithmetic.kernels() != null, "no machine code here");
        }
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /** @param numPacked matrices that were not taken from a file */
    private record Run(int numPacked, List<float[]> products) {}

    @Test
    void aSecondStartTakesAllFromTheFileAndComputesTheSameBits() throws IOException {
        Run first = run("model", cache());
        assertThat(first.numPacked()).isEqualTo(4);
        byte[] file = Files.readAllBytes(onlyFile());
        Run second = run("model", cache());
        assertThat(second.numPacked()).isZero();
        assertSame(second, first);
        assertThat(onlyFile()).hasBinaryContent(file);
    }

    @Test
    void damageAnywhereIsFoundAndMended() throws IOException {
        Run first = run("model", cache());
        byte[] whole = Files.readAllBytes(onlyFile());
        int noticed = 0;
        for (int round = 0; round < 30; round++) {
            byte[] damaged = whole.clone();
            int at = round < 8 ? random.nextInt(32) : random.nextInt(damaged.length);
            damaged[at] ^= (byte) (1 + random.nextInt(255));
            byte[] cut = random.nextInt(3) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length)) : damaged;
            Files.write(onlyFile(), cut, StandardOpenOption.TRUNCATE_EXISTING);
            Run mended = run("model", cache());
            assertSame(mended, first);
            noticed += mended.numPacked() > 0 ? 1 : 0;
            if (mended.numPacked() > 0) {
                assertThat(onlyFile()).hasBinaryContent(whole);
            } else {
                Files.write(onlyFile(), whole);
            }
        }
        // the rest hit the gaps between matrices, which nobody reads
        assertThat(noticed).isGreaterThan(20);
    }

    @Test
    void anImageOfAnotherSizeOfMatrixIsNotUsed() throws IOException {
        run("model", cache());
        List<Tensor> others = new ArrayList<>(model);
        others.set(1, RandomTensors.create(DType.Q4_K, 34, COLUMNS, random, arena));
        assertThat(run("model", cache(), others).numPacked()).isEqualTo(1);
        assertThat(run("model", cache(), others).numPacked()).isZero();
    }

    @Test
    void otherNumbersAreSeenWhereATensorIsLookedAt() {
        run("model", cache());
        model.get(2).data().set(JAVA_BYTE, 5, (byte) (model.get(2).data().get(JAVA_BYTE, 5) + 1));
        Run changed = run("model", cache());
        assertThat(changed.numPacked()).isEqualTo(1);
        assertSame(changed, run("another", cache()));
    }

    @Test
    void otherModelsAndInstructionSetsHaveImagesOfTheirOwn() throws IOException {
        try (CpuArithmetic arithmetic = CpuArithmetic.best()) {
            List<String> isas = arithmetic.available();
            for (String isa : isas.subList(1, isas.size())) {
                assertThat(run("model", cache(), model, isa).numPacked()).isEqualTo(4);
                assertThat(run("other", cache(), model, isa).numPacked()).isEqualTo(4);
                assertThat(run("model", cache(), model, isa).numPacked()).isZero();
            }
            assertThat(files()).hasSize(2 * (isas.size() - 1));
        }
    }

    @Test
    void aFolderThatCannotBeWrittenIsNoError() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        PackCache impossible = new PackCache(file.resolve("cache"), Long.MAX_VALUE);
        Run first = run("model", impossible);
        assertThat(first.numPacked()).isEqualTo(4);
        assertSame(run("model", impossible), first);
    }

    @Test
    void imagesLargerThanTheBoundAreNotKept() throws IOException {
        run("model", new PackCache(folder, 1000));
        assertThat(files()).isEmpty();
    }

    @Test
    void theImageUnusedForLongestMakesRoom() throws IOException {
        run("old", cache());
        Path old = onlyFile();
        long bytes = Files.size(old);
        PackCache two = new PackCache(folder, 2 * bytes + 100);
        run("young", two);
        Path young =
                files().stream().filter(file -> !file.equals(old)).findFirst().orElseThrow();
        Files.setLastModifiedTime(old, FileTime.fromMillis(1_000_000));
        Files.setLastModifiedTime(young, FileTime.fromMillis(2_000_000));
        assertThat(run("old", two).numPacked()).as("use makes it young").isZero();
        run("new", two);
        assertThat(files()).hasSize(2).contains(old).doesNotContain(young);
    }

    @Test
    void whatAKilledProcessLeftIsSweptAway() throws IOException {
        Path left = Files.createFile(folder.resolve("some.pack.1.tmp"));
        Path busy = Files.createFile(folder.resolve("some.pack.2.tmp"));
        Files.setLastModifiedTime(left, FileTime.fromMillis(1_000_000));
        run("model", cache());
        assertThat(left).doesNotExist();
        assertThat(busy).exists();
    }

    @Test
    void severalWritersLeaveOneWholeFile() throws Exception {
        Run expected = run("alone", cache());
        Files.delete(onlyFile());
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Run>> runs = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                runs.add(threads.submit(() -> run("model", cache())));
            }
            for (Future<Run> each : runs) {
                assertSame(each.get(), expected);
            }
        }
        assertThat(files()).hasSize(1);
        assertThat(run("model", cache()).numPacked()).isZero();
    }

    private PackCache cache() {
        return new PackCache(folder, Long.MAX_VALUE);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private Path onlyFile() throws IOException {
        assertThat(files()).hasSize(1);
        return files().getFirst();
    }

    private static void assertSame(Run found, Run expected) {
        for (int i = 0; i < expected.products().size(); i++) {
            assertThat(found.products().get(i)).isEqualTo(expected.products().get(i));
        }
    }

    private Run run(String identity, PackCache cache) {
        return run(identity, cache, model);
    }

    private static Run run(String identity, PackCache cache, List<Tensor> model) {
        return run(identity, cache, model, "auto");
    }

    /** Loads the tensors as one start would and multiplies by each. */
    private static Run run(String identity, PackCache cache, List<Tensor> model, String isa) {
        CpuArithmetic arithmetic = CpuArithmetic.named(isa);
        PackedImage image = PackedImage.open(cache, identity, arithmetic).orElseThrow();
        try (CpuBackend backend = new CpuBackend(2, arithmetic, image)) {
            List<Weight> weights = new ArrayList<>();
            weights.add(backend.loadWeight(model.subList(0, 2)));
            model.subList(2, model.size()).forEach(tensor -> weights.add(backend.loadWeight(List.of(tensor))));
            backend.finishLoading();
            float[] x = new float[3 * COLUMNS];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) Math.sin(i);
            }
            Buffer input = backend.upload(x, 3, COLUMNS);
            List<float[]> products = new ArrayList<>();
            for (Weight weight : weights) {
                Buffer out = backend.allocate(3, weight.outFeatures());
                backend.linear(3, input, weight, null, out);
                products.add(out.memory().toArray(JAVA_FLOAT));
            }
            return new Run(image.numPacked(), products);
        }
    }
}
