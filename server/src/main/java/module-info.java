/** The executable: command line and, later, the server. */
module tokamak.server {
    requires java.logging;
    requires tokamak.engine;
    requires tools.jackson.databind;
    requires info.picocli;
    requires org.jline.reader;
    requires org.jline.terminal;
    requires static org.jspecify;

    opens tokamak.server.cli to
            info.picocli,
            tools.jackson.databind;
}
