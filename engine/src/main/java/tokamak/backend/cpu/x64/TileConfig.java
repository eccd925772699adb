package tokamak.backend.cpu.x64;

/** What LDTILECFG reads: palette 1, and per tile register its rows and the bytes of a row (Intel SDM, volume 1, chapter 18). */
final class TileConfig {
    static final int BYTES = 64;
    static final int MAX_ROWS = 16;
    static final int MAX_ROW_BYTES = 64;

    private static final int ROW_BYTES_AT = 16;
    private static final int ROWS_AT = 48;

    private final byte[] bytes = new byte[BYTES];

    TileConfig() {
        bytes[0] = 1;
    }

    TileConfig with(Tile tile, int rows, int rowBytes) {
        if (rows < 1 || rows > MAX_ROWS || rowBytes < 4 || rowBytes > MAX_ROW_BYTES || rowBytes % 4 != 0) {
            throw new IllegalArgumentException("a tile has no " + rows + " rows of " + rowBytes + " bytes");
        }
        bytes[ROW_BYTES_AT + 2 * tile.number()] = (byte) rowBytes;
        bytes[ROWS_AT + tile.number()] = (byte) rows;
        return this;
    }

    byte[] bytes() {
        return bytes.clone();
    }
}
