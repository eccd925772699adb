package tokamak.server.cli;

/** What the user gave can't be worked with; the message is one sentence. */
final class CliFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    CliFailure(String message) {
        super(message);
    }
}
