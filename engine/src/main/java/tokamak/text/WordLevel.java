package tokamak.text;

/** Every word is a token, or unknown. */
final class WordLevel implements TokenModel {
    private final Pieces pieces;
    private final int unknownId;

    WordLevel(Pieces pieces, int unknownId) {
        this.pieces = pieces;
        this.unknownId = unknownId;
    }

    @Override
    public Pieces pieces() {
        return pieces;
    }

    @Override
    public void encode(String text, int from, int to, Scratch scratch) {
        scratch.setUtf8(text, from, to);
        int id = pieces.find(scratch.bytes, 0, scratch.numBytes);
        if (id >= 0 || unknownId >= 0) {
            scratch.out.add(id >= 0 ? id : unknownId);
        }
    }
}
