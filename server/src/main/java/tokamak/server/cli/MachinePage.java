package tokamak.server.cli;

import java.io.PrintStream;
import java.util.Locale;
import tokamak.MachineInfo;

/** A {@link MachineInfo} for people. */
final class MachinePage {
    private final PrintStream out;

    MachinePage(PrintStream out) {
        this.out = out;
    }

    void print(MachineInfo info) {
        out.println(info.cpu());
        line("instruction sets", String.join(", ", info.isas()));
        line("chosen", info.isa() + (info.machineCode() ? "" : " (" + info.arithmetic() + ")"));
        line("own machine code", info.machineCode() ? "allowed" : "not used");
        line("processors", info.processors() + (info.cores() == null ? "" : ", on " + info.cores() + " cores"));
        line(
                "memory",
                Amounts.bytes(info.memoryBytes()) + ", of which free " + Amounts.bytes(info.availableMemoryBytes()));
        line("system", info.system());
        line("Java", info.java());
        MachineInfo.Limits limits = info.limits();
        if (limits != null) {
            out.println();
            out.println("At most, measured with " + limits.threads() + " threads");
            line("memory reads", String.format(Locale.ROOT, "%.1f GB/s", limits.readGbps()));
            line("float32", String.format(Locale.ROOT, "%.0f GFLOP/s", limits.fmaGflops()));
            line("int8", String.format(Locale.ROOT, "%.0f Gop/s", limits.int8Gops()));
        }
    }

    private void line(String label, String text) {
        out.printf("  %-22s %s%n", label, text);
    }
}
