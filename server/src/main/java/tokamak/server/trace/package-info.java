/**
 * Tells OpenTelemetry about requests, if whoever runs the server has brought its SDK.
 *
 * <p>Knows requests and the words of the API. Only OpenTelemetry's API is used: without an SDK all of this does nothing.
 */
@NullMarked
package tokamak.server.trace;

import org.jspecify.annotations.NullMarked;
