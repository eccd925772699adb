/** The executable: command line and server. */
module tokamak.server {
    requires java.logging;
    requires tokamak.engine;
    requires tools.jackson.databind;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.opentelemetry.api;
    requires io.opentelemetry.context;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires java.management;
    requires java.net.http;
    requires jdk.management;
    requires jdk.unsupported;
    requires info.picocli;
    requires org.jline.reader;
    requires org.jline.terminal;
    requires static org.jspecify;

    opens tokamak.server.cli to
            info.picocli,
            tools.jackson.databind;
}
