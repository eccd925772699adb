/**
 * Takes requests from sockets, within limits, and carries answers back. Knows no dialect and no other room.
 *
 * <p>Threads: event loops read, frame and write; every request is handled by a virtual thread of its own.
 */
@NullMarked
package tokamak.server.http;

import org.jspecify.annotations.NullMarked;
