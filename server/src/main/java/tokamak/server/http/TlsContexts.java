package tokamak.server.http;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;

/** The current certificate: read again when its files change, so that renewing one needs no restart. */
final class TlsContexts {
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HttpConfig.TlsFiles files;
    private final ReentrantLock lock = new ReentrantLock();
    private SslContext context;
    private List<FileTime> times;
    private long checkedNanos = System.nanoTime();

    TlsContexts(HttpConfig.TlsFiles files) {
        this.files = files;
        try {
            times = times();
            context = read();
        } catch (IOException | RuntimeException e) {
            throw new ServerStartException(
                    "cannot use the certificate " + files.certificate() + " with the key " + files.key() + ": "
                            + reason(e) + "; both must be PEM files, the key unencrypted PKCS#8",
                    e);
        }
    }

    SslContext current() {
        lock.lock();
        try {
            if (System.nanoTime() - checkedNanos > CHECK_NANOS) {
                checkedNanos = System.nanoTime();
                reload();
            }
            return context;
        } finally {
            lock.unlock();
        }
    }

    private void reload() {
        try {
            List<FileTime> now = times();
            if (!now.equals(times)) {
                context = read();
                times = now;
                HttpServer.LOG.log(System.Logger.Level.INFO, "read the certificate {0} again", files.certificate());
            }
        } catch (IOException | RuntimeException e) {
            // While files are being replaced they may not fit together; the old certificate still works.
            HttpServer.LOG.log(
                    System.Logger.Level.WARNING,
                    "the certificate {0} could not be read again: {1}",
                    files.certificate(),
                    reason(e));
        }
    }

    private static String reason(Exception e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }

    private List<FileTime> times() throws IOException {
        List<FileTime> all = new ArrayList<>();
        all.add(Files.getLastModifiedTime(files.certificate()));
        all.add(Files.getLastModifiedTime(files.key()));
        if (files.clients().isPresent()) {
            all.add(Files.getLastModifiedTime(files.clients().get().authorities()));
        }
        return all;
    }

    private SslContext read() throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forServer(
                files.certificate().toFile(), files.key().toFile());
        files.clients()
                .ifPresent(clients -> builder.trustManager(clients.authorities().toFile())
                        .clientAuth(
                                switch (clients.demand()) {
                                    case OPTIONAL -> ClientAuth.OPTIONAL;
                                    case REQUIRED -> ClientAuth.REQUIRE;
                                }));
        return builder.ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2,
                        ApplicationProtocolNames.HTTP_1_1))
                .build();
    }
}
