/**
 * Speaks OpenAI's HTTP dialect with vLLM's extensions: JSON becomes a request to an engine, its events become JSON.
 *
 * <p>Knows the lobby, api, server.http and server.metrics. Runs on the virtual threads of requests.
 */
@NullMarked
package tokamak.server.openai;

import org.jspecify.annotations.NullMarked;
