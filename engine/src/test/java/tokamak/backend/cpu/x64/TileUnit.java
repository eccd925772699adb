package tokamak.backend.cpu.x64;

/** The tile registers of the {@link Emulator}, as Intel's manual describes their instructions. */
final class TileUnit {
    private static final int TILES = 8;

    private final Emulator memory;
    private final int[][][] tiles = new int[TILES][TileConfig.MAX_ROWS][TileConfig.MAX_ROW_BYTES / 4];
    private final int[] rows = new int[TILES];
    private final int[] words = new int[TILES];
    private boolean configured;

    TileUnit(Emulator memory) {
        this.memory = memory;
    }

    void configure(long address) {
        if (memory.readByte(address) != 1 || memory.readByte(address + 1) != 0) {
            throw new IllegalStateException("palette 1 from row 0 expected");
        }
        for (int i = 0; i < TILES; i++) {
            rows[i] = memory.readByte(address + 48 + i);
            words[i] = (memory.readByte(address + 16 + 2 * i) | memory.readByte(address + 17 + 2 * i) << 8) / 4;
            if (rows[i] > TileConfig.MAX_ROWS || words[i] > TileConfig.MAX_ROW_BYTES / 4) {
                throw new IllegalStateException("tile " + i + " is too large");
            }
            clear(i);
        }
        configured = true;
    }

    void release() {
        configured = false;
    }

    void requireReleased() {
        if (configured) {
            throw new IllegalStateException("tiles were not released");
        }
    }

    private void clear(int tile) {
        for (int[] row : tiles[tile]) {
            java.util.Arrays.fill(row, 0);
        }
    }

    private void require(int tile) {
        if (!configured || rows[tile] == 0 || words[tile] == 0) {
            throw new IllegalStateException("tile " + tile + " is not configured");
        }
    }

    void zero(int tile) {
        require(tile);
        clear(tile);
    }

    void load(int tile, long start, long stride) {
        require(tile);
        clear(tile);
        for (int row = 0; row < rows[tile]; row++) {
            for (int i = 0; i < words[tile]; i++) {
                tiles[tile][row][i] = memory.readInt(start + row * stride + 4L * i);
            }
        }
    }

    void store(int tile, long start, long stride) {
        require(tile);
        for (int row = 0; row < rows[tile]; row++) {
            for (int i = 0; i < words[tile]; i++) {
                memory.writeInt(start + row * stride + 4L * i, tiles[tile][row][i]);
            }
        }
    }

    private void requireShapes(int sum, int left, int right) {
        require(sum);
        require(left);
        require(right);
        if (sum == left || sum == right || left == right) {
            throw new IllegalStateException("tiles " + sum + ", " + left + ", " + right + " must be three");
        }
        if (rows[sum] != rows[left] || words[left] != rows[right] || words[sum] != words[right]) {
            throw new IllegalStateException("shapes of tiles " + sum + ", " + left + ", " + right + " don't fit");
        }
    }

    /** TDPBSUD: signed bytes of {@code left} times unsigned ones of {@code right}. */
    void multiplyBytes(int sum, int left, int right) {
        requireShapes(sum, left, right);
        for (int m = 0; m < rows[sum]; m++) {
            for (int k = 0; k < words[left]; k++) {
                for (int n = 0; n < words[sum]; n++) {
                    for (int j = 0; j < 32; j += 8) {
                        tiles[sum][m][n] += (byte) (tiles[left][m][k] >> j) * (tiles[right][k][n] >> j & 0xFF);
                    }
                }
            }
        }
    }

    /** TDPBF16PS: first and second numbers of the pairs are summed apart, with one rounding per product. */
    void multiplyBf16(int sum, int left, int right) {
        requireShapes(sum, left, right);
        for (int m = 0; m < rows[sum]; m++) {
            for (int n = 0; n < words[sum]; n++) {
                float first = 0;
                float second = 0;
                for (int k = 0; k < words[left]; k++) {
                    int a = tiles[left][m][k];
                    int b = tiles[right][k][n];
                    first = Math.fma(Float.intBitsToFloat(a << 16), Float.intBitsToFloat(b << 16), first);
                    second = Math.fma(
                            Float.intBitsToFloat(a & 0xFFFF_0000), Float.intBitsToFloat(b & 0xFFFF_0000), second);
                }
                float whole = Float.intBitsToFloat(tiles[sum][m][n]) + (first + second);
                tiles[sum][m][n] = Float.floatToRawIntBits(whole);
            }
        }
    }
}
