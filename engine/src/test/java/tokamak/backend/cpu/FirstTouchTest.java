package tokamak.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstTouchTest {
    @Test
    void whatOwnersWriteMeanwhileStays() throws InterruptedException {
        int numBlocks = 64;
        int blockBytes = 3 * 4096 + 64;
        try (Arena arena = Arena.ofShared()) {
            List<MemorySegment> memory = List.of(
                    arena.allocate((long) numBlocks * blockBytes, 64),
                    arena.allocate((long) numBlocks * blockBytes, 64));
            try (FirstTouch touch = new FirstTouch(memory, numBlocks)) {
                for (int block = 0; block < numBlocks; block++) {
                    touch.used(block);
                    for (MemorySegment segment : memory) {
                        for (int i = 0; i < blockBytes; i++) {
                            segment.set(ValueLayout.JAVA_BYTE, (long) block * blockBytes + i, (byte) (block + i));
                        }
                    }
                }
            }
            for (MemorySegment segment : memory) {
                for (int i = 0; i < numBlocks * blockBytes; i++) {
                    byte expected = (byte) (i / blockBytes + i % blockBytes);
                    if (segment.get(ValueLayout.JAVA_BYTE, i) != expected) {
                        assertThat(segment.get(ValueLayout.JAVA_BYTE, i))
                                .as("byte %d", i)
                                .isEqualTo(expected);
                    }
                }
            }
        }
    }

    @Test
    void itsThreadEndsWhetherOrNotSomethingWasUsed() {
        try (Arena arena = Arena.ofShared()) {
            List<MemorySegment> memory = List.of(arena.allocate(64 * 4096, 64));
            new FirstTouch(memory, 64).close();
            FirstTouch used = new FirstTouch(memory, 64);
            used.used(3);
            used.close();
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().equals("tokamak-first-touch") && thread.isAlive());
        }
    }

    @Test
    void touchingChangesNothing() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(64, 64);
            segment.set(ValueLayout.JAVA_INT, 8, 0x12345678);
            FirstTouch.touch(segment, 8);
            assertThat(segment.get(ValueLayout.JAVA_INT, 8)).isEqualTo(0x12345678);
        }
    }
}
