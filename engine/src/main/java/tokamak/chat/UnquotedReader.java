package tokamak.chat;

import java.util.Optional;

/** Gemma's objects, passed on when they are complete. */
final class UnquotedReader implements PartReader {
    private final String quote;
    private final BracketScanner scanner;
    private boolean started;

    UnquotedReader(String quote) {
        this.quote = quote;
        this.scanner = new BracketScanner(quote);
    }

    @Override
    public Progress read(Input in, CallSink sink) {
        if (!started) {
            Input.Match match = in.accept("{");
            if (match != Input.Match.YES) {
                return in.isEmpty() && !in.hasEnded() ? Progress.MORE : Progress.of(match);
            }
            started = true;
        }
        int end = scanner.scan(in, "}");
        if (end < 0) {
            return in.hasEnded() ? Progress.FAILED : Progress.MORE;
        }
        Optional<String> json = Literals.json("{" + in.take(end) + "}", quote);
        in.skip(1);
        json.ifPresent(sink::arguments);
        return json.isPresent() ? Progress.DONE : Progress.FAILED;
    }
}
