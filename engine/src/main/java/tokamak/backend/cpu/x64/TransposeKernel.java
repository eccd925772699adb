package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.RAX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;

/** Generates the copy of one token's floats to where its tile has them: neighbours a stride apart, then zeros. */
final class TransposeKernel {
    private static final int UNROLL = 4;

    private TransposeKernel() {}

    /** Arguments: rdi floats, rsi target, rdx their number, rcx stride in bytes, r8 number of zeros to append. */
    static byte[] generate(OperatingSystem system) {
        Assembler a = new Assembler();
        Frame frame = new Frame(a, system);
        frame.enter();
        copy(a, UNROLL);
        copy(a, 1);
        Label done = new Label();
        Label zeros = new Label();
        a.mov32(RAX, 0);
        a.cmp(R8, 0);
        a.jump(Assembler.Condition.ZERO, done);
        a.bind(zeros);
        a.mov32(Mem.at(RSI, 0), RAX);
        a.add(RSI, RCX);
        a.sub(R8, 1);
        a.jump(Assembler.Condition.NOT_ZERO, zeros);
        a.bind(done);
        frame.leave();
        return a.code();
    }

    private static void copy(Assembler a, int count) {
        Label loop = new Label();
        Label done = new Label();
        a.bind(loop);
        a.cmp(RDX, count);
        a.jump(Assembler.Condition.LESS, done);
        for (int i = 0; i < count; i++) {
            a.mov32(RAX, Mem.at(RDI, Float.BYTES * i));
            a.mov32(Mem.at(RSI, 0), RAX);
            a.add(RSI, RCX);
        }
        a.add(RDI, Float.BYTES * count);
        a.sub(RDX, count);
        a.jump(loop);
        a.bind(done);
    }
}
