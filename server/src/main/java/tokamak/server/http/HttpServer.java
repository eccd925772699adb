package tokamak.server.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Listens on one address, and keeps what its connections share. */
public final class HttpServer implements AutoCloseable {
    static final System.Logger LOG = System.getLogger("tokamak.server.http");

    private static final int MAX_LOOPS = 8;
    private static final int BACKLOG = 1024;

    private final HttpConfig config;
    private final Handler handler;
    private final ErrorFormat errors;
    private final HttpListener listener;
    private final ByteBudget bodies;
    private final Optional<TlsContexts> tls;
    private final ProtocolChoice protocols = new ProtocolChoice(this);
    private final Map<EventLoop, LoopOutbox> outboxes = new ConcurrentHashMap<>();
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger numOpen = new AtomicInteger();
    private final EventLoopGroup loops;
    private final Channel listening;
    private volatile boolean draining;

    private HttpServer(HttpConfig config, Handler handler, ErrorFormat errors, HttpListener listener) {
        this.config = config;
        this.handler = handler;
        this.errors = errors;
        this.listener = listener;
        this.bodies = new ByteBudget(config.limits().maxBufferedBytes());
        this.tls = config.tls().map(TlsContexts::new);
        int numLoops = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, MAX_LOOPS);
        this.loops = new MultiThreadIoEventLoopGroup(
                numLoops, new DefaultThreadFactory("tokamak-io", true), NioIoHandler.newFactory());
        try {
            this.listening = bind();
        } catch (RuntimeException e) {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw e;
        }
    }

    /**
     * Begins to serve.
     *
     * @param handler is called on a virtual thread per request
     * @throws ServerStartException if the address can't be used
     */
    public static HttpServer start(HttpConfig config, Handler handler, ErrorFormat errors, HttpListener listener) {
        return new HttpServer(config, handler, errors, listener);
    }

    // ---- listening

    private Channel bind() {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        open(channel);
                    }
                });
        SocketAddress address = address();
        if (config.unixSocket().isPresent()) {
            bootstrap.channel(NioServerDomainSocketChannel.class);
            removeStale(config.unixSocket().get());
        } else {
            bootstrap
                    .channel(NioServerSocketChannel.class)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true);
        }
        return listen(bootstrap, address);
    }

    private SocketAddress address() {
        if (config.unixSocket().isPresent()) {
            return UnixDomainSocketAddress.of(config.unixSocket().get());
        }
        return config.host().isEmpty()
                ? new InetSocketAddress(config.port())
                : new InetSocketAddress(config.host(), config.port());
    }

    private Channel listen(ServerBootstrap bootstrap, SocketAddress address) {
        String where = config.unixSocket().map(Path::toString).orElse(config.host() + ":" + config.port());
        if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
            throw new ServerStartException(
                    "cannot listen on " + where + ": there is no address for '" + config.host()
                            + "'; give one of this machine's addresses as --host",
                    new IOException("unresolved"));
        }
        var future = bootstrap.bind(address).awaitUninterruptibly();
        Throwable cause = future.cause();
        if (cause != null) {
            boolean taken = cause instanceof BindException
                    && String.valueOf(cause.getMessage()).contains("in use");
            throw new ServerStartException(
                    "cannot listen on " + where + ": "
                            + (taken
                                    ? "another program does already; choose another --port or stop it"
                                    : cause.getMessage()),
                    cause);
        }
        return future.channel();
    }

    /** A socket file that nobody listens on is left over from a server that was killed. */
    private static void removeStale(Path socket) {
        if (!Files.exists(socket) || Files.isRegularFile(socket) || Files.isDirectory(socket)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            LOG.log(System.Logger.Level.DEBUG, "{0} is in use: {1}", socket, probe);
        } catch (IOException nobody) {
            try {
                Files.delete(socket);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot remove the left-over socket {0}", socket);
            }
        }
    }

    private void open(Channel channel) {
        connections.add(channel);
        channel.closeFuture().addListener(closed -> connections.remove(channel));
        tls.ifPresentOrElse(
                contexts -> protocols.listenEncrypted(channel, contexts.current()), () -> protocols.listen(channel));
    }

    /** The port it listens on; 0 for a unix socket. */
    public int port() {
        return listening.localAddress() instanceof InetSocketAddress inet ? inet.getPort() : 0;
    }

    /** Where clients find it. */
    public String url() {
        if (config.unixSocket().isPresent()) {
            return "unix:" + config.unixSocket().get();
        }
        String host = config.host().isEmpty() || config.host().equals("0.0.0.0") ? "localhost" : config.host();
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return (tls.isPresent() ? "https://" : "http://") + bracketed + ":" + port();
    }

    /** Requests that are not completely answered. */
    public int numOpenRequests() {
        return numOpen.get();
    }

    public int numConnections() {
        return connections.size();
    }

    // ---- for connections

    HttpConfig config() {
        return config;
    }

    ByteBudget bodies() {
        return bodies;
    }

    /** Whether connections end with the answers that are open. */
    boolean isDraining() {
        return draining;
    }

    LoopOutbox outbox(EventLoop loop) {
        return outboxes.computeIfAbsent(loop, LoopOutbox::new);
    }

    /** Whether the connection that asks is within the limit. */
    boolean hasRoom() {
        return connections.size() <= config.limits().maxConnections();
    }

    /** Broken requests, resets and broken TLS are the client's affair. */
    static void logUnlessClientsFault(Throwable cause) {
        switch (cause) {
            case IOException _, DecoderException _, Http2Exception _, Http2FrameStreamException _ -> {}
            default -> LOG.log(System.Logger.Level.DEBUG, "connection failed", cause);
        }
    }

    Request request(RequestHead head, byte[] body, Channel from) {
        return new Request(
                head.id(),
                head.method(),
                config.withoutRoot(head.path()),
                head.headers(),
                body,
                String.valueOf(from.remoteAddress()));
    }

    /** Answers in a handler's place. */
    void refuse(Exchange exchange, Refusal refusal) {
        numOpen.incrementAndGet();
        exchange.respond(errors.error(refusal.status(), refusal.message()));
    }

    void ended(Exchange exchange, int status, Duration took) {
        // Whoever sees that nothing is open any more may rely on all having been counted and logged.
        try {
            listener.answered(exchange.request(), status, took);
        } finally {
            numOpen.decrementAndGet();
        }
    }

    void handle(Exchange exchange) {
        numOpen.incrementAndGet();
        Thread.ofVirtual().name("tokamak-request-" + exchange.request().id()).start(() -> run(exchange));
    }

    private void run(Exchange exchange) {
        Request request = exchange.request();
        @Nullable Throwable failure = null;
        try {
            if (request.method().equals("OPTIONS")) {
                exchange.respond(config.cors().preflight(request));
            } else {
                handler.handle(exchange);
            }
        } catch (Throwable e) {
            failure = e;
            LOG.log(
                    System.Logger.Level.ERROR,
                    "handling " + request.method() + " " + request.path() + " (" + request.id() + ") failed",
                    e);
        } finally {
            bodies.giveBack(request.body().length);
        }
        if (!exchange.isStarted() && !exchange.isGone()) {
            exchange.respond(errors.error(500, "the server failed; its log says why, under " + request.id()));
        } else if (failure != null) {
            exchange.abort();
        }
    }

    // ---- the end

    /**
     * Goes on listening and answering, but asks clients to open their next connections elsewhere: HTTP/1 connections close
     * with their answer, HTTP/2 connections say goodbye.
     */
    public void drain() {
        draining = true;
        connections.forEach(channel -> channel.pipeline().fireUserEventTriggered(Notice.DRAIN));
    }

    /**
     * Stops listening, lets open requests come to their end for so long, then cuts what is left.
     *
     * @return whether all came to their end
     */
    public boolean stop(Duration grace) {
        listening.close().awaitUninterruptibly();
        drain();
        long end = System.nanoTime() + grace.toNanos();
        boolean interrupted = false;
        while (numOpen.get() > 0 && System.nanoTime() < end && !interrupted) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        boolean done = numOpen.get() == 0;
        connections.forEach(Channel::close);
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
        config.unixSocket().ifPresent(socket -> {
            try {
                Files.deleteIfExists(socket);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "cannot remove the socket {0}", socket);
            }
        });
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return done;
    }

    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
