package tokamak.backend.cpu.x64;

/**
 * How a batch of tokens is cut into the tiles that kernels take: as few tiles as possible, as even as possible. The first
 * {@code numWide} tiles have one token more than the others. Results don't depend on the cut.
 *
 * @param rows tokens
 * @param numTiles tiles in all
 */
record TokenTiles(int rows, int numTiles) {
    static TokenTiles of(int rows, int maxTokens) {
        if (rows < 1) {
            throw new IllegalArgumentException(rows + " tokens; expected at least 1");
        }
        return new TokenTiles(rows, (rows + maxTokens - 1) / maxTokens);
    }

    /** Tokens of a narrow tile. */
    int narrow() {
        return rows / numTiles;
    }

    int numWide() {
        return rows % numTiles;
    }

    int tokensOf(int tile) {
        return narrow() + (tile < numWide() ? 1 : 0);
    }

    int firstTokenOf(int tile) {
        return tile * narrow() + Math.min(tile, numWide());
    }

    int tileOf(int token) {
        int inWide = numWide() * (narrow() + 1);
        return token < inWide ? token / (narrow() + 1) : numWide() + (token - inWide) / narrow();
    }
}
