package tokamak.server.launch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Copies jars and rewrites what the AOT cache (JEP 483) leaves out: classes of a format before Java 6, which are then loaded and
 * verified anew at every start, and switches over types, whose code is made anew by every process that reaches one. The
 * launcher calls it before it trains the cache; what the program does stays the same.
 */
public final class FreshJars {
    private FreshJars() {}

    /** @param args the folder to fill, which must exist, then the jars */
    public static void main(String[] args) throws IOException {
        List<Path> jars = new ArrayList<>();
        for (String jar : List.of(args).subList(1, args.length)) {
            jars.add(Path.of(jar));
        }
        copy(jars, Path.of(args[0]));
    }

    /** Writes each jar under its own name into a folder. What their classes extend is looked up on this program's class path. */
    static void copy(List<Path> jars, Path folder) throws IOException {
        FreshClass rewriter = new FreshClass(ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(FreshJars.class.getClassLoader())
                        .orElse(ClassHierarchyResolver.defaultResolver())
                        .cached())));
        for (Path jar : jars) {
            copy(jar, folder.resolve(jar.getFileName()), rewriter);
        }
    }

    private static void copy(Path from, Path to, FreshClass rewriter) throws IOException {
        try (JarFile in = new JarFile(from.toFile());
                ZipOutputStream out = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(to)))) {
            for (JarEntry entry : Collections.list(in.entries())) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                out.putNextEntry(copy);
                out.write(isClass(entry.getName()) ? rewriter.rewrite(bytes) : bytes);
                out.closeEntry();
            }
        }
    }

    private static boolean isClass(String name) {
        return name.endsWith(".class") && !name.endsWith("module-info.class");
    }
}
