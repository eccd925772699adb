package tokamak;

import java.util.Map;
import tokamak.workload.LatencySummary;

/**
 * What a workload saw, and what it made of the engine.
 *
 * @param model its name
 * @param seconds from the first request to the last token
 * @param all over all requests
 * @param tenants over those of each tenant, by name; empty if there is one only
 * @param requestsPerSecond that came to their end
 * @param outputTokensPerSecond generated
 * @param tokensPerSecond generated, and prompt tokens, cached ones included
 * @param meanKvUsage share of KV blocks in use, 0 to 1, on average
 * @param maxKvUsage the most
 * @param kvWaste share of the used blocks' places that held nothing, 0 to 1, on average
 * @param kvBlocks in the pool
 * @param meanRunning requests in the batch on average
 * @param preemptions times a request gave up its blocks
 * @param cachedTokens prompt tokens that were found in the prefix cache
 * @param loadedBlocks KV blocks of these that came from disk
 * @param steps that the engine made
 * @param rejected requests that found the queue full
 */
public record ServeBenchReport(
        String model,
        double seconds,
        LatencySummary all,
        Map<String, LatencySummary> tenants,
        double requestsPerSecond,
        double outputTokensPerSecond,
        double tokensPerSecond,
        double meanKvUsage,
        double maxKvUsage,
        double kvWaste,
        int kvBlocks,
        double meanRunning,
        long preemptions,
        long cachedTokens,
        long loadedBlocks,
        long steps,
        long rejected) {}
