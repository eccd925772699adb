package tokamak.backend.cpu.x64;

import java.util.Locale;

/** The systems whose calls we know. */
enum OperatingSystem {
    LINUX,
    MACOS,
    WINDOWS;

    /**
     * @throws ExecutableMemoryException on any other system or processor
     */
    static OperatingSystem current() {
        String architecture = System.getProperty("os.arch");
        if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
            throw new ExecutableMemoryException("the processor is " + architecture + ", the kernels are x86-64", null);
        }
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (name.startsWith("linux")) {
            return LINUX;
        }
        if (name.startsWith("mac")) {
            return MACOS;
        }
        if (name.startsWith("windows")) {
            return WINDOWS;
        }
        throw new ExecutableMemoryException("no executable memory known for '" + name + "'", null);
    }
}
