package tokamak.backend.cpu.x64;

import static tokamak.backend.cpu.x64.Gpr.R10;
import static tokamak.backend.cpu.x64.Gpr.R11;
import static tokamak.backend.cpu.x64.Gpr.R12;
import static tokamak.backend.cpu.x64.Gpr.R13;
import static tokamak.backend.cpu.x64.Gpr.R14;
import static tokamak.backend.cpu.x64.Gpr.R15;
import static tokamak.backend.cpu.x64.Gpr.R8;
import static tokamak.backend.cpu.x64.Gpr.R9;
import static tokamak.backend.cpu.x64.Gpr.RBP;
import static tokamak.backend.cpu.x64.Gpr.RBX;
import static tokamak.backend.cpu.x64.Gpr.RCX;
import static tokamak.backend.cpu.x64.Gpr.RDI;
import static tokamak.backend.cpu.x64.Gpr.RDX;
import static tokamak.backend.cpu.x64.Gpr.RSI;
import static tokamak.backend.cpu.x64.Gpr.RSP;

import java.util.List;

/**
 * Entry and exit of a routine under the system's calling convention. Inside, the eight arguments are always in
 * {@code rdi, rsi, rdx, rcx, r8, r9, r10, r11} and every other register except rsp is free.
 *
 * <p>System V passes six in registers and the rest on the stack, and keeps rbx, rbp, r12 to r15. Windows passes four
 * ({@code rcx, rdx, r8, r9}), keeps rsi, rdi and xmm6 to xmm15 too, and leaves the callee 32 bytes above the return
 * address. The Windows half has not been run.
 */
final class Frame {
    private static final List<Gpr> SYSTEM_V_SAVED = List.of(RBX, RBP, R12, R13, R14, R15);
    private static final List<Gpr> WINDOWS_SAVED = List.of(RBX, RBP, R12, R13, R14, R15, RSI, RDI);
    private static final int WINDOWS_FIRST_XMM = 6;
    private static final int WINDOWS_NUM_XMM = 10;
    private static final int WINDOWS_SHADOW = 32;

    private final Assembler assembler;
    private final OperatingSystem system;

    Frame(Assembler assembler, OperatingSystem system) {
        this.assembler = assembler;
        this.system = system;
    }

    void enter() {
        switch (system) {
            case LINUX, MACOS -> {
                SYSTEM_V_SAVED.forEach(assembler::push);
                int firstOnStack = 8 * (SYSTEM_V_SAVED.size() + 1);
                assembler.mov(R10, Mem.at(RSP, firstOnStack));
                assembler.mov(R11, Mem.at(RSP, firstOnStack + 8));
            }
            case WINDOWS -> enterWindows();
        }
    }

    private void enterWindows() {
        WINDOWS_SAVED.forEach(assembler::push);
        assembler.sub(RSP, 16 * WINDOWS_NUM_XMM);
        for (int i = 0; i < WINDOWS_NUM_XMM; i++) {
            assembler.emit(Op.VMOVUPS_STORE, Vec.xmm(WINDOWS_FIRST_XMM + i), Mem.at(RSP, 16 * i));
        }
        assembler.mov(RDI, RCX);
        assembler.mov(RSI, RDX);
        assembler.mov(RDX, R8);
        assembler.mov(RCX, R9);
        int firstOnStack = 16 * WINDOWS_NUM_XMM + 8 * (WINDOWS_SAVED.size() + 1) + WINDOWS_SHADOW;
        assembler.mov(R8, Mem.at(RSP, firstOnStack));
        assembler.mov(R9, Mem.at(RSP, firstOnStack + 8));
        assembler.mov(R10, Mem.at(RSP, firstOnStack + 16));
        assembler.mov(R11, Mem.at(RSP, firstOnStack + 24));
    }

    void leave() {
        assembler.vzeroupper();
        switch (system) {
            case LINUX, MACOS -> SYSTEM_V_SAVED.reversed().forEach(assembler::pop);
            case WINDOWS -> {
                for (int i = 0; i < WINDOWS_NUM_XMM; i++) {
                    assembler.emit(Op.VMOVUPS, Vec.xmm(WINDOWS_FIRST_XMM + i), Mem.at(RSP, 16 * i));
                }
                assembler.add(RSP, 16 * WINDOWS_NUM_XMM);
                WINDOWS_SAVED.reversed().forEach(assembler::pop);
            }
        }
        assembler.ret();
    }
}
