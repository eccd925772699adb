package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tokamak.api.Completion;
import tokamak.api.Generation;
import tokamak.api.GenerationRequest;
import tokamak.api.SamplingParams;
import tokamak.schedule.HashModel;
import tokamak.text.ByteTokenizer;

/**
 * The prefix cache on disk gives a request the tokens it would get without, whatever happens to the folder: the model's tokens
 * are a hash of its KV memory, so a block that is not exactly what it should be changes them.
 */
@Timeout(120)
class PrefixCacheFolderTest {
    private static final int VOCAB = 260;
    private static final int BLOCK_FILE_BYTES = 128 + 16 * Long.BYTES;
    private static final EngineConfig CONFIG = EngineConfig.of(Path.of("none")).withBatchLimits(8, 64);
    /** Blocks for all requests of a test: none is given out again before it is written, however slow the disk. */
    private static final int ROOMY = 1000;
    /** So few that blocks are given out again while they wait to be written. */
    private static final int TIGHT = 150;

    @TempDir
    private Path temp;

    private static Engine engine(Path folder, long maxBytes, String identity) {
        return engine(folder, maxBytes, identity, ROOMY);
    }

    private static Engine engine(Path folder, long maxBytes, String identity, int numBlocks) {
        return Engine.on(
                new LoadedModel(
                        "hash",
                        new HashModel(VOCAB, numBlocks, 16, 64, 1024),
                        ByteTokenizer.create(),
                        Optional.empty(),
                        Set.of(ByteTokenizer.EOS),
                        SamplingParams.defaults(),
                        Optional.of(identity),
                        () -> {}),
                CONFIG.withPrefixCacheFolder(folder, maxBytes));
    }

    private Engine engine() {
        return engine(temp.resolve("kept"), 1 << 30, "one");
    }

    /** Prompts with beginnings in common, the same for the same seed. */
    private static List<GenerationRequest> requests(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] shared = new SplittableRandom(random.nextInt(3))
                    .ints(random.nextInt(200), 0, 250)
                    .toArray();
            int[] own = random.ints(random.nextInt(1, 100), 0, 250).toArray();
            int[] ids = Arrays.copyOf(shared, shared.length + own.length);
            System.arraycopy(own, 0, ids, shared.length, own.length);
            requests.add(GenerationRequest.tokens(ids)
                    .withSampling(SamplingParams.builder()
                            .temperature(random.nextInt(2))
                            .seed(random.nextLong())
                            .logprobs(1)
                            .maxTokens(random.nextInt(1, 40))
                            .build()));
        }
        return requests;
    }

    private static List<List<Completion>> answers(Engine engine, List<GenerationRequest> requests) {
        List<TokenStream> streams = requests.stream().map(engine::submit).toList();
        return streams.stream().map(stream -> stream.collect().completions()).toList();
    }

    private static List<List<Completion>> withoutFolder(List<GenerationRequest> requests) {
        try (Engine engine = engine(null, 0, "one")) {
            return answers(engine, requests);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> paths = Files.walk(temp.resolve("kept"))) {
            return paths.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void aSecondStartFindsWhatTheFirstComputed() throws IOException {
        List<GenerationRequest> requests = requests(1, 40);
        List<List<Completion>> expected = withoutFolder(requests);
        try (Engine engine = engine()) {
            assertThat(answers(engine, requests)).isEqualTo(expected);
        }
        assertThat(files()).hasSizeGreaterThan(100);
        try (Engine engine = engine()) {
            Generation first = engine.generate(requests.getFirst());
            assertThat(first.usage().cachedTokens())
                    .as("all but what follows the last full block")
                    .isEqualTo((first.promptTokenIds().size() - 1) / 16 * 16);
            assertThat(answers(engine, requests)).isEqualTo(expected);
            EngineStats stats = engine.stats();
            assertThat(stats.numLoadedBlocks()).isGreaterThan(100);
            assertThat(stats.numComputedTokens() - stats.numGeneratedTokens())
                    .as("prompt tokens computed, at most a block of each")
                    .isLessThan(17 * 41);
        }
    }

    @Test
    void aSaltAndAnotherModelFindNothing() {
        List<GenerationRequest> requests = requests(2, 10);
        try (Engine engine = engine()) {
            answers(engine, requests);
        }
        try (Engine engine = engine(temp.resolve("kept"), 1 << 30, "another")) {
            answers(engine, requests);
            assertThat(engine.stats().numLoadedBlocks()).isZero();
        }
        try (Engine engine = engine()) {
            answers(
                    engine,
                    requests.stream().map(r -> r.withCacheSalt("secret")).toList());
            assertThat(engine.stats().numLoadedBlocks()).isZero();
        }
    }

    @Test
    void damagedFilesAreMissesAndHeal() throws IOException {
        List<GenerationRequest> requests = requests(3, 20);
        List<List<Completion>> expected = withoutFolder(requests);
        SplittableRandom random = new SplittableRandom(3);
        int numFiles = 0;
        for (int round = 0; round < 8; round++) {
            try (Engine engine = engine()) {
                assertThat(answers(engine, requests)).isEqualTo(expected);
            }
            List<Path> files = files();
            numFiles = Math.max(numFiles, files.size());
            assertThat(files).as("what was damaged has been written anew").hasSizeGreaterThanOrEqualTo(numFiles - 1);
            for (Path file : files) {
                if (random.nextInt(3) == 0) {
                    damage(file, files.get(random.nextInt(files.size())), random);
                }
            }
        }
    }

    private static void damage(Path file, Path other, SplittableRandom random) throws IOException {
        byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        switch (random.nextInt(6)) {
            case 0 -> Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
            case 1 -> Files.write(file, Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(100)));
            case 2 -> Files.deleteIfExists(file);
            case 3 -> Files.write(file, Files.exists(other) ? Files.readAllBytes(other) : new byte[0]);
            case 4 -> Arrays.fill(bytes, (byte) 0);
            default -> {
                if (bytes.length > 0) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                Files.write(file, bytes);
            }
        }
        if (Files.exists(file) && random.nextInt(10) == 0) {
            Files.delete(file);
            Files.createDirectory(file);
            Files.delete(file);
        }
    }

    @Test
    void theFolderStaysWithinItsBoundAndKeepsBeginnings() throws IOException {
        long maxBytes = 100 * 4096L; // a file takes a page at least
        for (int seed = 0; seed < 6; seed++) {
            List<GenerationRequest> requests = requests(seed, 30);
            List<List<Completion>> expected = withoutFolder(requests);
            try (Engine engine = engine(temp.resolve("kept"), maxBytes, "model " + seed % 2)) {
                assertThat(answers(engine, requests)).isEqualTo(expected);
            }
            assertThat(files())
                    .hasSizeBetween(50, 100)
                    .allSatisfy(file -> assertThat(file).hasSize(BLOCK_FILE_BYTES));
        }
        List<GenerationRequest> last = requests(5, 30);
        try (Engine engine = engine(temp.resolve("kept"), maxBytes, "model 1")) {
            answers(engine, last);
            assertThat(engine.stats().numLoadedBlocks()).isGreaterThan(10);
        }
    }

    @Test
    void aFolderThatCanNotBeWrittenCostsOneWarning() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "not a folder");
        List<String> warnings = new ArrayList<>();
        Logger logger = Logger.getLogger("tokamak.engine");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getLevel() == Level.WARNING) {
                    warnings.add(record.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try {
            List<GenerationRequest> requests = requests(4, 20);
            try (Engine engine = engine(file, 1 << 20, "one")) {
                assertThat(answers(engine, requests)).isEqualTo(withoutFolder(requests));
            }
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(warnings).filteredOn(w -> w.contains("prefix cache")).hasSize(1);
    }

    @Test
    void processesMayShareAFolder() throws Exception {
        List<GenerationRequest> requests = requests(5, 12);
        List<List<Completion>> expected = withoutFolder(requests);
        List<Callable<Boolean>> users = new ArrayList<>();
        for (int user = 0; user < 3; user++) {
            users.add(() -> {
                for (int round = 0; round < 2; round++) {
                    // So little room that they keep deleting each other's files.
                    try (Engine engine = engine(temp.resolve("kept"), 60 * 4096, "one", TIGHT)) {
                        assertThat(answers(engine, requests)).isEqualTo(expected);
                    }
                }
                return true;
            });
        }
        try (var threads = Executors.newFixedThreadPool(3)) {
            for (var future : threads.invokeAll(users)) {
                assertThat(future.get()).isTrue();
            }
        }
    }

    @Test
    void aKilledProcessLeavesNothingWrong() throws Exception {
        List<GenerationRequest> requests = requests(6, 12);
        for (int round = 0; round < 2; round++) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Writer.class.getName(),
                            temp.resolve("kept").toString())
                    .redirectErrorStream(true)
                    .start();
            try {
                // Java may have something to say first, such as which options it has picked up.
                assertThat(process.inputReader().lines().anyMatch("ready"::equals))
                        .isTrue();
                Thread.sleep(5 + 60 * round);
            } finally {
                process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
            }
            try (Engine engine = engine()) {
                assertThat(answers(engine, requests)).isEqualTo(withoutFolder(requests));
            }
        }
        assertThat(files()).anyMatch(file -> file.toString().endsWith(".kv"));
    }

    /** Serves until it is killed. */
    static final class Writer {
        public static void main(String[] args) {
            try (Engine engine = engine(Path.of(args[0]), 1 << 30, "one")) {
                answers(engine, requests(0, 2));
                System.out.println("ready");
                for (int seed = 6; ; seed++) {
                    answers(engine, requests(seed, 12));
                }
            }
        }
    }
}
