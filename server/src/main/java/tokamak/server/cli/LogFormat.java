package tokamak.server.cli;

import java.io.PrintStream;
import java.time.temporal.ChronoUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Log records of a server: one line each, with the time, to standard error. */
final class LogFormat extends Handler {
    private final PrintStream out;
    private final SimpleFormatter messages = new SimpleFormatter();

    private LogFormat(PrintStream out) {
        this.out = out;
    }

    static void install(PrintStream out) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.addHandler(new LogFormat(out));
        // Libraries tell only what needs attention.
        root.setLevel(Level.WARNING);
        Logger.getLogger("tokamak").setLevel(Level.INFO);
    }

    @Override
    public void publish(LogRecord record) {
        String message = messages.formatMessage(record);
        // The access log is JSON and nothing else.
        boolean plain = "tokamak.access".equals(record.getLoggerName());
        String time = record.getInstant().truncatedTo(ChronoUnit.MILLIS).toString();
        out.println(plain ? message : time + " " + record.getLevel() + " " + message);
        if (record.getThrown() != null) {
            record.getThrown().printStackTrace(out);
        }
        out.flush();
    }

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public void close() {
        out.flush();
    }
}
