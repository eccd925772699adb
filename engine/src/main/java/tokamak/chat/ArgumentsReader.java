package tokamak.chat;

/** A JSON object that is passed on as it comes. */
final class ArgumentsReader implements PartReader {
    private final JsonScanner scanner = new JsonScanner();
    private boolean started;

    @Override
    public Progress read(Input in, CallSink sink) {
        if (!started) {
            in.skipSpace();
            if (in.isEmpty()) {
                return in.hasEnded() ? Progress.FAILED : Progress.MORE;
            }
            if (in.charAt(0) != '{') {
                return Progress.FAILED;
            }
            started = true;
        }
        int length = scanner.scan(in);
        sink.arguments(in.take(length < 0 ? in.length() : length));
        return length < 0 ? Progress.MORE : Progress.DONE;
    }
}
