package tokamak.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tokamak.Engine;

/** Rewritten classes pass the verifier and do what they did. */
class FreshJarsTest {
    @TempDir
    private Path temp;

    /** A jar of the place that a class comes from, which may be a folder. */
    private Path jarOf(Class<?> one, String name) throws Exception {
        Path place =
                Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path jar = Files.createDirectories(temp.resolve("old")).resolve(name);
        if (Files.isRegularFile(place)) {
            return Files.copy(place, jar);
        }
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream out = new ZipOutputStream(file);
                Stream<Path> files = Files.walk(place)) {
            for (Path path : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new ZipEntry(place.relativize(path).toString().replace('\\', '/')));
                Files.copy(path, out);
            }
        }
        return jar;
    }

    private static List<String> classNames(JarFile jar) {
        return Collections.list(jar.entries()).stream()
                .map(JarEntry::getName)
                .filter(name -> name.endsWith(".class") && !name.contains("-info") && !name.startsWith("META-INF"))
                .toList();
    }

    private static boolean isFresh(byte[] bytes) {
        ClassModel model = ClassFile.of().parse(bytes);
        return model.majorVersion() >= ClassFile.JAVA_6_VERSION
                && model.methods().stream()
                        .flatMap(method -> method.code().stream())
                        .flatMap(CodeModel::elementStream)
                        .noneMatch(element -> element instanceof InvokeDynamicInstruction call
                                && call.bootstrapMethod().methodName().equals("typeSwitch"));
    }

    @Test
    void everyClassOfThePartsThatAreRewrittenIsAcceptedByTheVerifier() throws Exception {
        List<Path> jars = List.of(jarOf(CommandLine.class, "picocli.jar"), jarOf(Engine.class, "engine.jar"));
        Path fresh = Files.createDirectories(temp.resolve("new"));
        FreshJars.copy(jars, fresh);
        List<URL> urls = new ArrayList<>();
        for (Path jar : jars) {
            urls.add(fresh.resolve(jar.getFileName()).toUri().toURL());
        }
        // Everything else comes from where the tests have it.
        try (URLClassLoader loader = new ChildFirst(urls.toArray(URL[]::new))) {
            int linked = 0;
            for (Path jar : jars) {
                try (JarFile file = new JarFile(fresh.resolve(jar.getFileName()).toFile());
                        JarFile old = new JarFile(jar.toFile())) {
                    assertThat(file.stream().map(JarEntry::getName))
                            .containsExactlyElementsOf(
                                    old.stream().map(JarEntry::getName).toList());
                    for (String name : classNames(file)) {
                        assertThat(isFresh(
                                        file.getInputStream(file.getEntry(name)).readAllBytes()))
                                .as(name)
                                .isTrue();
                        linked += link(loader, name);
                    }
                }
            }
            assertThat(linked).isGreaterThan(800);
        }
    }

    /** Asking for methods links a class, which verifies it. */
    private static int link(ClassLoader loader, String file) throws ClassNotFoundException {
        String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
        try {
            Class<?> linked = Class.forName(name, false, loader);
            assertThat(linked.getClassLoader()).isSameAs(loader);
            return linked.getDeclaredMethods().length >= 0 ? 1 : 0;
        } catch (NoClassDefFoundError optional) {
            return 0;
        }
    }

    private static final class ChildFirst extends URLClassLoader {
        ChildFirst(URL... urls) {
            super(urls, FreshJarsTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                if (known != null) {
                    return known;
                }
                try {
                    return findClass(name);
                } catch (ClassNotFoundException e) {
                    return super.loadClass(name, resolve);
                }
            }
        }
    }

    // ---- the same answers

    /** Switches with guards, supertypes, arrays and null; with labels that are no classes. */
    public static final class Switches implements Function<Object, String> {
        public Switches() {}

        @Override
        public String apply(Object value) {
            return first(value) + "/" + Second.of(value) + "/" + strings(value);
        }

        private static String first(@Nullable Object value) {
            return switch (value) {
                case null -> "null";
                case Integer i when i.equals(50) -> "large";
                case Integer i when i.equals(5) -> "five";
                case Integer _ -> "integer";
                case int[] array -> "array " + array.length;
                case CharSequence text when text.isEmpty() -> "no text";
                case Comparable<?> _ -> "comparable";
                default -> "other";
            };
        }

        private static String strings(@Nullable Object value) {
            return switch (value) {
                case String s when s.equals("b") -> "guarded";
                case String s -> "string " + s;
                case null, default -> "no string";
            };
        }

        interface Second {
            static String of(@Nullable Object value) {
                return switch (value) {
                    case URI uri -> "uri " + uri;
                    case Number number -> "number " + number;
                    case null, default -> "nothing";
                };
            }
        }
    }

    private static final class Defining extends ClassLoader {
        Defining() {
            super(FreshJarsTest.class.getClassLoader());
        }

        Class<?> define(byte[] bytes) {
            return defineClass(null, bytes, 0, bytes.length);
        }
    }

    private static byte[] bytesOf(Class<?> one) throws IOException {
        try (InputStream in = one.getResourceAsStream(
                one.getName().substring(one.getPackageName().length() + 1) + ".class")) {
            return in.readAllBytes();
        }
    }

    @Test
    void switchesTakeTheBranchesThatTheyTook() throws Exception {
        FreshClass rewriter = new FreshClass(ClassFile.of());
        Defining loader = new Defining();
        byte[] outer = rewriter.rewrite(bytesOf(Switches.class));
        assertThat(isFresh(outer)).isTrue();
        loader.define(rewriter.rewrite(bytesOf(Switches.Second.class)));
        @SuppressWarnings("unchecked")
        Function<Object, String> rewritten = (Function<Object, String>)
                loader.define(outer).getDeclaredConstructor().newInstance();
        assertThat(rewritten.getClass()).isNotSameAs(Switches.class);
        Object[] values = {
            null, 5, 50, -5, new int[3], "b", "text", new StringBuilder("text"), 2L, URI.create("a:b"), 'c'
        };
        for (Object value : values) {
            assertThat(rewritten.apply(value)).as("%s", value).isEqualTo(new Switches().apply(value));
        }
    }

    @Test
    void whatNeedsNothingStaysAsItIs() throws IOException {
        byte[] bytes = bytesOf(FreshJars.class);
        assertThat(new FreshClass(ClassFile.of()).rewrite(bytes)).isSameAs(bytes);
    }
}
