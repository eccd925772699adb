package tokamak.server.http;

/** What brings a request and carries its answer back. */
sealed interface Transport permits Http1Connection, Http2Stream {
    HttpServer server();

    /** Any thread may call this. */
    LoopOutbox outbox();

    /** Writes a piece of an answer without flushing; drops what nobody waits for any more. On the event loop. */
    void write(Exchange exchange, Part part);

    /** On the event loop. */
    void flush();

    /** Cuts off what carries this answer. Any thread may call this. */
    void close();
}
